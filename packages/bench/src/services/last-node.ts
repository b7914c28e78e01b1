/**
 * From an endpoint's change to the last node that forwards by it: a socket in the namespace of each node keeps asking a
 * Service whose only endpoint is one of two pods, and is replaced by the other.
 */
import { kinds, type NewObject, type Pod } from "@podwire/api";
import { type LabView, openLab } from "@podwire/lab";
import { PORT } from "../generator/contract.ts";
import { LAB_READY_MS } from "../limits.ts";
import { type BenchService, changeEndpoints, createServices } from "./bench-service.ts";
import { askUntil, UdpAsker } from "./silence.ts";

const ADDRESS = "10.96.10.1";
const CHANGE_MS = 10_000;
/** Each node is asked so often: more would measure how busy the asking makes the machine. */
const ASK_EVERY_MS = 5;

/** Milliseconds from the request's start until the answer of the last node is the new endpoint's, for each change. */
export async function measureLastNode(
  labName: string,
  nodes: readonly string[],
  changes: number,
  progress: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const lab = await openLab(labName);
  const askers: UdpAsker[] = [];
  try {
    const pods = await startServers(lab);
    const service: BenchService = {
      name: "watched",
      address: ADDRESS,
      endpoints: [pods[0]!.address],
      protocols: ["UDP"],
    };
    await createServices(lab.client, [service], signal);
    for (const node of nodes) askers.push(new UdpAsker(lab.netnsOfNode(node).pid, ADDRESS, PORT, "hostname"));
    const allHear = (name: string) => () => askers.every(asker => asker.lastAnswer.trim() === name);
    await askUntil(askers, allHear(pods[0]!.name), CHANGE_MS * 3, ASK_EVERY_MS);
    const lastMs: number[] = [];
    for (let change = 1; change <= changes; change++) {
      signal?.throwIfAborted();
      const { name, address } = pods[change % 2]!;
      const start = performance.now();
      const changing = changeEndpoints(lab.client, { ...service, endpoints: [address] });
      await askUntil(askers, allHear(name), CHANGE_MS, ASK_EVERY_MS);
      lastMs.push(Math.max(...askers.map(asker => asker.changedMs)) - start);
      await changing;
    }
    progress(`${changes} endpoint changes at the last of ${nodes.length} nodes`);
    return lastMs;
  } finally {
    for (const asker of askers) asker.close();
    lab.close();
  }
}

async function startServers(lab: LabView): Promise<{ name: string; address: string }[]> {
  const names = ["server-1", "server-2"];
  const podOf = (name: string): NewObject<Pod> => ({
    metadata: { name, namespace: "default" },
    spec: { containers: [{ name: "web", image: "agnhost", args: ["netexec", `--udp-port=${PORT}`] }] },
  });
  await Promise.all(names.map(name => lab.client.create(kinds.pods, podOf(name))));
  const pods = await lab.podsReady(names, { timeoutMs: LAB_READY_MS });
  return pods.map(({ metadata, status }) => ({
    name: metadata.name,
    address: status.podIPs!.map(({ ip }) => ip).find(ip => !ip.includes(":"))!,
  }));
}
