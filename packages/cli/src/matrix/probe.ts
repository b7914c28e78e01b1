/**
 * The two ends of a measurement, as commands in pods: `/agnhost probe-serve` listens on ports of the kernel's choice
 * and ends with its stdin, `/agnhost probe` asks many of these.
 */
import type { ApiClient, ExecSession } from "@podwire/client";
import { judge, type MatrixPath, type MatrixPod, type Probe, targetsOf } from "./model.ts";

const AGNHOST = "/agnhost";
/** A pod asks one target after the other, so that they do not wait for each other; beyond this, several rows. */
const TARGETS_IN_A_ROW = 32;
const TARGET_TIMEOUT_SECONDS = 1;
/** One pod's whole share of the matrix: more than a row of targets that all time out. */
const PROBE_TIMEOUT_MS = 60_000;
const SERVE_TIMEOUT_MS = 10_000;

export interface ProbedPod {
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

/** Resolves when the pod listens, or with the reason why it does not. */
export async function serve(client: ApiClient, pod: MatrixPod): Promise<ProbedPod | string> {
  let said = "";
  let complaint = "";
  let session: ExecSession | undefined;
  const line = new Promise<string>(resolve => {
    void (async () => {
      session = await client.exec(pod, {
        command: [AGNHOST, "probe-serve", `--udp-listen-addresses=${pod.addresses.join(",")}`],
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
      resolve(complaint.trim().split("\n").at(-1) || `exit code ${code}`);
    })().catch((error: Error) => resolve(error.message));
  });
  const text = await within(line, SERVE_TIMEOUT_MS, `no answer within ${SERVE_TIMEOUT_MS / 1000} s`);
  if (session && text.startsWith("{")) return { pod, ports: JSON.parse(text) as ProbedPod["ports"], session };
  session?.close();
  return `${AGNHOST} probe-serve does not run in container ${pod.container}: ${text}`;
}

/** Asks all the others. Never rejects: a pod that cannot ask reaches nobody. */
export async function probeFrom(
  client: ApiClient,
  from: ProbedPod,
  all: readonly ProbedPod[],
): Promise<MatrixPath[]> {
  const targets = targetsOf(
    from.pod,
    all.map(({ pod }) => pod),
  );
  const ports = new Map(all.map(({ pod, ports }) => [pod, ports]));
  const questions = targets.map(({ to, protocol, address }, id) => {
    const { tcpPort, udpPort } = ports.get(to)!;
    const port = protocol === "TCP" ? tcpPort : udpPort;
    return JSON.stringify({ id, host: address, port, protocol: protocol.toLowerCase() });
  });
  let answers = new Map<number, Probe>();
  let missing = "no answer";
  try {
    answers = await ask(client, from.pod, questions);
  } catch (error) {
    missing = (error as Error).message;
  }
  return targets.map((target, id) => judge(from.pod, target, answers.get(id) ?? { error: missing }));
}

async function ask(
  client: ApiClient,
  from: MatrixPod,
  questions: readonly string[],
): Promise<Map<number, Probe>> {
  const rows = Math.ceil(questions.length / TARGETS_IN_A_ROW);
  let output = "";
  const session = await client.exec(from, {
    command: [AGNHOST, "probe", `--timeout=${TARGET_TIMEOUT_SECONDS}s`, `--concurrency=${rows}`],
    container: from.container,
    stdin: true,
    stdout: bytes => {
      output += bytes.toString();
    },
    stderr: () => {},
  });
  try {
    await session.write(Buffer.from(`${questions.join("\n")}\n`));
    session.endInput();
    await within(session.exitCode, PROBE_TIMEOUT_MS, undefined);
  } finally {
    session.close();
  }
  return new Map(output.split("\n").filter(Boolean).map(parseAnswer));
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
