/**
 * Podwire's side of the comparison: a lab of two nodes, two pods on the first and one on the second. And two
 * more hosts on its underlay, for the kernel's overlay: in a node's own namespace the connection tracking that
 * Podwire's masquerade brings along would slow the kernel down (by a tenth to a fifth, measured).
 */
import { kinds, type NewObject, type Pod } from "@podwire/api";
import { type Lab, parseLabConfig, startLab } from "@podwire/lab";
import { LAB_READY_MS } from "./limits.ts";
import type { BenchPod, UnderlayNode, Variant } from "./variant.ts";

const NODES = ["node-1", "node-2"] as const;
const NAMESPACE = "default";
const PODS = { client: "node-1", "same-node": "node-1", "across-nodes": "node-2" } as const;
type PodRole = keyof typeof PODS;

export interface PodwireOverlay {
  readonly variant: Variant;
  /** Hosts on the same underlay that Podwire has nothing to do with. */
  readonly hosts: readonly [UnderlayNode, UnderlayNode];
  down(): Promise<void>;
}

/** The same with the lab that it is. */
export interface OverlayLab extends PodwireOverlay {
  readonly lab: Lab;
}

export function startPodwireOverlay(underlayMtu: number, signal?: AbortSignal): Promise<PodwireOverlay> {
  return startOverlayLab(underlayMtu, signal);
}

/** Resolves when all pods are Ready; a start that fails or is aborted leaves nothing behind. */
export async function startOverlayLab(underlayMtu: number, signal?: AbortSignal): Promise<OverlayLab> {
  const aborting = signal === undefined ? {} : { signal };
  const config = parseLabConfig(clusterFile(underlayMtu), "(podwire bench)");
  const lab = await startLab(config, { ...aborting, waitTimeoutMs: LAB_READY_MS });
  try {
    const roles = Object.keys(PODS) as PodRole[];
    await Promise.all(roles.map(role => lab.client.create(kinds.pods, podFor(role))));
    const pods = await lab.podsReady(roles, { ...aborting, timeoutMs: LAB_READY_MS });
    const find = (role: PodRole) => benchPod(lab, pods.find(pod => pod.metadata.name === role)!);
    return {
      lab,
      variant: {
        name: "podwire",
        client: await find("client"),
        servers: { "same-node": await find("same-node"), "across-nodes": await find("across-nodes") },
        // Of now: a daemon may have been started again.
        get daemonPids() {
          return NODES.map(node => lab.pidOf(node)!);
        },
      },
      hosts: [await attachHost(lab, "kernel-1"), await attachHost(lab, "kernel-2")],
      down: () => lab.down(),
    };
  } catch (error) {
    await lab.down();
    throw error;
  }
}

/** The name holds the process id: benchmarks of two terminals do not meet. */
function clusterFile(underlayMtu: number): string {
  return JSON.stringify({
    apiVersion: "podwire.dev/v1alpha1",
    kind: "Cluster",
    metadata: { name: `bench-${process.pid}-${underlayMtu}` },
    nodes: NODES.map(name => ({ name })),
    underlay: { mtu: underlayMtu },
  });
}

function podFor(role: PodRole): NewObject<Pod> {
  return {
    metadata: { name: role, namespace: NAMESPACE },
    spec: { nodeName: PODS[role], containers: [{ name: "pause", image: "pause" }] },
  };
}

async function benchPod(lab: Lab, pod: Pod): Promise<BenchPod> {
  const { pid } = await lab.netnsOfPod({ name: pod.metadata.name });
  const addresses = pod.status.podIPs?.map(each => each.ip) ?? [];
  const ipv4 = addresses.find(address => !address.includes(":"));
  const ipv6 = addresses.find(address => address.includes(":"));
  if (ipv4 === undefined || ipv6 === undefined)
    throw new Error(
      `pod ${pod.metadata.name}: status.podIPs: needs an address of each family, has ${addresses}`,
    );
  return { pid, addresses: { ipv4, ipv6 } };
}

async function attachHost(lab: Lab, name: string): Promise<UnderlayNode> {
  const host = await lab.attachOutside(name);
  const address = host.addresses.find(each => !each.includes(":"))!;
  return { name, pid: host.holder.pid, address };
}
