/**
 * The underlay and the hosts on it:
 *
 *     node-1 [eth0]----[port0]\
 *     node-2 [eth0]----[port1]- underlay bridge "underlay"     a network namespace each, held by a process
 *                               | with the addresses at which the API server listens
 *     outside [eth0]--[port…]/
 *
 * Both ends of every cable (veth pair) are made where they belong, so that the host's own namespace never sees
 * a device. Nothing here cleans up: when the holders die, all of it is gone.
 */
import { closeNamespace, openNamespace, withRtnetlink } from "@podwire/linux";
import { type ProcessIdentity, spawnHolder } from "@podwire/runtime";
import type { LabConfig } from "../config/cluster.ts";
import type { LabPaths } from "../state/directory.ts";
import { networkNamespace } from "../state/identity.ts";
import type { HostState } from "../state/state.ts";
import { controlPlaneAddresses, nodeAddresses, outsideAddresses, withPrefix } from "./addresses.ts";

const BRIDGE = "underlay";
export const HOST_DEVICE = "eth0";

export interface Topology {
  readonly underlay: HostState;
  readonly nodes: readonly HostState[];
  /** Hosts that are no nodes. */
  readonly outside: readonly HostState[];
}

/** The bridge alone, so that the control plane can be started on it. */
export async function makeUnderlay(config: LabConfig, paths: LabPaths): Promise<HostState> {
  const holder = await spawnHolder({ labDir: paths.directory, what: "underlay", net: true });
  const underlay = hostState("underlay", holder, controlPlaneAddresses(config));
  makeBridge(config, underlay);
  return underlay;
}

export async function makeNodes(
  config: LabConfig,
  paths: LabPaths,
  underlay: HostState,
): Promise<HostState[]> {
  const hold = (what: string) => spawnHolder({ labDir: paths.directory, what, net: true });
  const nodeHolders = await Promise.all(config.nodes.map(node => hold(`node/${node.name}`)));
  const nodes = nodeHolders.map((holder, index) =>
    hostState(config.nodes[index]!.name, holder, nodeAddresses(config, index)),
  );
  for (const [index, node] of nodes.entries()) {
    connect(config, underlay, node, `port${index}`, config.nodes[index]!.underlayMtu);
  }
  return nodes;
}

/** The hosts outside of the cluster that lab.yaml names. */
export async function makeOutside(
  config: LabConfig,
  paths: LabPaths,
  underlay: HostState,
): Promise<HostState[]> {
  const holders = await Promise.all(
    config.outside.map(name => spawnHolder({ labDir: paths.directory, what: `outside/${name}`, net: true })),
  );
  return holders.map((holder, index) => {
    const host = hostState(config.outside[index]!, holder, outsideAddresses(config, index));
    connect(config, underlay, host, outsidePort(index), config.underlayMtu);
    return host;
  });
}

/** The bridge's end of an outside host's cable. */
export function outsidePort(index: number): string {
  return `outside${index}`;
}

export function hostState(name: string, holder: ProcessIdentity, addresses: readonly string[]): HostState {
  return { name, holder, namespace: networkNamespace(holder.pid)!, addresses };
}

function makeBridge(config: LabConfig, underlay: HostState): void {
  inNetworkOf(underlay, namespace =>
    withRtnetlink(namespace, network => {
      network.setLink("lo", { up: true });
      network.createBridge(BRIDGE);
      network.setLink(BRIDGE, { up: true });
      for (const address of underlay.addresses) network.addAddress(BRIDGE, withPrefix(config, address));
    }),
  );
}

/** Lays a cable from the underlay's bridge to `host` and gives the host its addresses. */
export function connect(
  config: LabConfig,
  underlay: HostState,
  host: HostState,
  port: string,
  mtu: number,
): void {
  inNetworkOf(underlay, bridge =>
    inNetworkOf(host, namespace => {
      withRtnetlink(bridge, network => {
        network.createVeth({ name: port, peerName: HOST_DEVICE, peerNamespace: namespace, mtu });
        network.setLink(port, { master: BRIDGE, up: true });
      });
      withRtnetlink(namespace, network => {
        network.setLink("lo", { up: true });
        network.setLink(HOST_DEVICE, { up: true });
        for (const address of host.addresses) network.addAddress(HOST_DEVICE, withPrefix(config, address));
      });
    }),
  );
}

/** Unplugs the cable of a host that goes before the lab does. */
export function disconnect(underlay: HostState, port: string): void {
  inNetworkOf(underlay, bridge => withRtnetlink(bridge, network => network.deleteLink(port)));
}

function inNetworkOf<T>(host: HostState, task: (namespace: number) => T): T {
  const namespace = openNamespace(host.holder.pid);
  try {
    return task(namespace);
  } finally {
    closeNamespace(namespace);
  }
}
