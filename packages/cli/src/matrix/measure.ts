/**
 * Measures the matrix from inside of the pods: in each pod `/agnhost probe-serve` listens on ports of the kernel's
 * choice; then `/agnhost probe` runs in a few pods at a time and asks all the others. Nothing stays behind: a
 * server ends with its stdin.
 */
import { kinds, type LabelMatcher, type Pod } from "@podwire/api";
import type { ApiClient, ExecSession } from "@podwire/client";
import { CommandError } from "../errors.ts";
import { judge, type MatrixPath, type MatrixPod, type Probe, podLabel, targetsOf } from "./model.ts";

const AGNHOST = "/agnhost";
/** Every pod runs a process for the matrix, and paths grow with the square: more is refused, with the way out. */
const MAX_PODS = 64;
/** More at once would measure how they wait for a processor. */
const PROBES_AT_ONCE = 1;
/** A pod asks one target after the other, so that they do not wait for each other; beyond this, several rows. */
const TARGETS_IN_A_ROW = 32;
const TARGET_TIMEOUT_SECONDS = 1;
/** One pod's whole share of the matrix: more than a row of targets that all time out. */
const PROBE_TIMEOUT_MS = 60_000;
const SERVE_TIMEOUT_MS = 10_000;

export interface MatrixSelection {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labels?: LabelMatcher | undefined;
}

interface Server {
  readonly pod: MatrixPod;
  readonly ports: { readonly tcpPort: number; readonly udpPort: number };
  readonly session: ExecSession;
}

interface ProbeLine {
  readonly id: number;
  readonly ok: boolean;
  readonly rttMicroseconds?: number;
  readonly sourceSeen?: string;
  readonly error?: string;
}

export async function measureMatrix(
  client: ApiClient,
  selection: MatrixSelection,
  onStep: (step: string) => void,
): Promise<MatrixPath[]> {
  const pods = (await client.list(kinds.pods, selection)).items.filter(isMeasured).map(matrixPod);
  if (pods.length < 2) {
    throw new CommandError(
      `a matrix needs two running pods, there are ${pods.length}: podwire apply -f examples/demo.yaml`,
    );
  }
  if (pods.length > MAX_PODS) {
    throw new CommandError(
      `a matrix of ${pods.length} pods is too large, at most ${MAX_PODS}: choose some with --selector`,
    );
  }
  onStep(`asking ${pods.length} pods to listen`);
  const servers: Server[] = [];
  try {
    const started = await Promise.allSettled(pods.map(pod => serve(client, pod)));
    for (const each of started) if (each.status === "fulfilled") servers.push(each.value);
    const failed = started.find(each => each.status === "rejected");
    if (failed) throw failed.reason;
    return await probeAll(client, servers, onStep);
  } finally {
    for (const { session } of servers) session.close();
  }
}

/** Pods with addresses of their own in which commands can run. */
function isMeasured(pod: Pod): boolean {
  const { metadata, spec, status } = pod;
  const runs = status.phase === "Running" && metadata.deletionTimestamp === undefined;
  return runs && !spec.hostNetwork && (status.podIPs?.length ?? 0) > 0;
}

function matrixPod({ metadata, spec, status }: Pod): MatrixPod {
  return {
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    node: spec.nodeName ?? "",
    container: spec.containers[0]!.name,
    addresses: (status.podIPs ?? []).map(({ ip }) => ip),
  };
}

async function serve(client: ApiClient, pod: MatrixPod): Promise<Server> {
  let said = "";
  let complaint = "";
  let session: ExecSession | undefined;
  const line = new Promise<string>(resolve => {
    void (async () => {
      session = await client.exec(pod, {
        command: [AGNHOST, "probe-serve"],
        container: pod.container,
        stdin: true,
        stdout: bytes => {
          said += bytes.toString();
          if (said.includes("\n")) resolve(said);
        },
        stderr: bytes => {
          complaint += bytes.toString();
        },
      });
      const code = await session.exitCode;
      resolve(`exit code ${code}: ${complaint.trim()}`);
    })().catch((error: Error) => resolve(error.message));
  });
  const text = await within(line, SERVE_TIMEOUT_MS, "no answer");
  if (session && text.startsWith("{")) return { pod, ports: JSON.parse(text) as Server["ports"], session };
  session?.close();
  throw new CommandError(`pod ${podLabel(pod)}: ${AGNHOST} probe-serve does not run: ${text}`);
}

async function probeAll(
  client: ApiClient,
  servers: readonly Server[],
  onStep: (step: string) => void,
): Promise<MatrixPath[]> {
  const paths: MatrixPath[][] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < servers.length; index = next++) {
      onStep(`probing from pod ${index + 1} of ${servers.length}`);
      paths[index] = await probeFrom(client, servers[index]!, servers);
    }
  };
  await Promise.all(Array.from({ length: PROBES_AT_ONCE }, worker));
  return paths.flat();
}

async function probeFrom(client: ApiClient, from: Server, servers: readonly Server[]): Promise<MatrixPath[]> {
  const ports = new Map(servers.map(({ pod, ports }) => [pod, ports]));
  const targets = targetsOf(
    from.pod,
    servers.map(({ pod }) => pod),
  );
  const rows = Math.ceil(targets.length / TARGETS_IN_A_ROW);
  let output = "";
  const session = await client.exec(from.pod, {
    command: [AGNHOST, "probe", `--timeout=${TARGET_TIMEOUT_SECONDS}s`, `--concurrency=${rows}`],
    container: from.pod.container,
    stdin: true,
    stdout: bytes => {
      output += bytes.toString();
    },
    stderr: () => {},
  });
  const questions = targets.map(({ to, protocol, address }, id) => {
    const { tcpPort, udpPort } = ports.get(to)!;
    const port = protocol === "TCP" ? tcpPort : udpPort;
    return JSON.stringify({ id, host: address, port, protocol: protocol.toLowerCase() });
  });
  await session.write(Buffer.from(`${questions.join("\n")}\n`));
  session.endInput();
  await within(session.exitCode, PROBE_TIMEOUT_MS, undefined);
  session.close();
  const answers = new Map(output.split("\n").filter(Boolean).map(parseAnswer));
  return targets.map((target, id) => judge(from.pod, target, answers.get(id) ?? { error: "no answer" }));
}

function parseAnswer(line: string): [number, Probe] {
  const { id, ok, rttMicroseconds, sourceSeen, error } = JSON.parse(line) as ProbeLine;
  if (!ok || rttMicroseconds === undefined) return [id, { error: error ?? "no answer" }];
  return [id, { roundTripMs: rttMicroseconds / 1000, ...(sourceSeen === undefined ? {} : { sourceSeen }) }];
}

async function within<T>(work: Promise<T>, timeoutMs: number, late: T | undefined): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<T>(resolve => {
    timer = setTimeout(() => resolve(late as T), timeoutMs);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
