/**
 * The kernel's overlay, to compare with: pods in network namespaces of their own, routed through their node
 * to a VXLAN device, set up the way flannel does it.
 *
 *   pod  eth0 ── kpod1  node  kvx ── underlay ── kvx  node  kpod1 ── eth0  pod
 *        10.245.1.2           10.245.1.0            10.245.2.0       10.245.2.2
 *
 * Everything static: no learning, no flooding, forwarding and neighbour entries by hand. It shares the
 * underlay with Podwire, on hosts, a VNI, a port and addresses of its own.
 */
import { closeNamespace, openNamespace, type Rtnetlink, withRtnetlink, writeSysctl } from "@podwire/linux";
import type { Children } from "./children.ts";
import { NAMESPACE_READY_MS } from "./limits.ts";
import type { BenchPod, UnderlayNode, Variant } from "./variant.ts";

const VNI = 77;
const UDP_PORT = 8473;
const DEVICE = "kvx";
/** RFC 7348 over IPv4: outer IPv4, UDP, VXLAN and inner Ethernet headers. */
const OVERHEAD_BYTES = 50;

/**
 * Two pods on the first of `nodes`, one on the second. They are gone when `children` and the nodes are.
 * Throws a LinuxError where the kernel has no VXLAN device.
 */
export async function startKernelOverlay(
  children: Children,
  nodes: readonly [UnderlayNode, UnderlayNode],
  underlayMtu: number,
): Promise<Variant> {
  const mtu = underlayMtu - OVERHEAD_BYTES;
  addDevice(nodes[0], 1, nodes[1], 2, mtu);
  addDevice(nodes[1], 2, nodes[0], 1, mtu);
  const client = await addPod(children, nodes[0], 1, 1, mtu);
  const sameNode = await addPod(children, nodes[0], 1, 2, mtu);
  const acrossNodes = await addPod(children, nodes[1], 2, 1, mtu);
  return {
    name: "kernel",
    client,
    servers: { "same-node": sameNode, "across-nodes": acrossNodes },
    daemonPids: [],
  };
}

const mac = (node: number): string => `02:4b:00:00:00:0${node}`;
const podCidr4 = (node: number): string => `10.245.${node}`;
const podCidr6 = (node: number): string => `fd00:10:245:${node}::`;

function addDevice(own: UnderlayNode, self: number, peer: UnderlayNode, other: number, mtu: number): void {
  inNetworkOf(own.pid, (network, namespace) => {
    network.createVxlan({
      name: DEVICE,
      vni: VNI,
      udpPort: UDP_PORT,
      local: own.address,
      mac: mac(self),
      mtu,
    });
    network.setLink(DEVICE, { up: true });
    network.addAddress(DEVICE, `${podCidr4(self)}.0/32`);
    network.addAddress(DEVICE, `${podCidr6(self)}/128`);
    const onPeer = { device: DEVICE, onLink: true };
    network.addRoute({ ...onPeer, destination: `${podCidr4(other)}.0/24`, via: `${podCidr4(other)}.0` });
    network.addRoute({ ...onPeer, destination: `${podCidr6(other)}/64`, via: podCidr6(other) });
    network.replaceNeighbour(DEVICE, `${podCidr4(other)}.0`, mac(other));
    network.replaceNeighbour(DEVICE, podCidr6(other), mac(other));
    network.replaceForwarding(DEVICE, mac(other), peer.address);
    writeSysctl(namespace, "net.ipv4.ip_forward", 1);
    writeSysctl(namespace, "net.ipv6.conf.all.forwarding", 1);
  });
}

async function addPod(
  children: Children,
  node: UnderlayNode,
  nodeNumber: number,
  podNumber: number,
  mtu: number,
): Promise<BenchPod> {
  const pid = await holdNetworkNamespace(children);
  const device = `kpod${podNumber}`;
  const ipv4 = `${podCidr4(nodeNumber)}.${podNumber + 1}`;
  const ipv6 = `${podCidr6(nodeNumber)}${podNumber + 1}`;
  const gateway4 = `${podCidr4(nodeNumber)}.1`;
  const gateway6 = `${podCidr6(nodeNumber)}1`;
  inNetworkOf(pid, (network, namespace) => {
    inNetworkOf(node.pid, nodeNetwork => {
      nodeNetwork.createVeth({ name: device, peerName: "eth0", peerNamespace: namespace, mtu });
      attach(nodeNetwork, device, [`${gateway4}/32`, `${gateway6}/128`], [`${ipv4}/32`, `${ipv6}/128`]);
    });
    network.setLink("lo", { up: true });
    attach(network, "eth0", [`${ipv4}/32`, `${ipv6}/128`], [`${gateway4}/32`, `${gateway6}/128`]);
    network.addRoute({ destination: "0.0.0.0/0", via: gateway4, device: "eth0" });
    network.addRoute({ destination: "::/0", via: gateway6, device: "eth0" });
  });
  return { pid, addresses: { ipv4, ipv6 } };
}

function attach(
  network: Rtnetlink,
  device: string,
  addresses: readonly string[],
  neighbours: readonly string[],
): void {
  network.setLink(device, { up: true });
  for (const address of addresses) network.addAddress(device, address);
  for (const destination of neighbours) network.addRoute({ destination, device });
}

/** A network namespace held by a process that does nothing; returns the process. */
export async function holdNetworkNamespace(children: Children): Promise<number> {
  const command = ["unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"];
  const holder = children.start({ command });
  await holder.printed("ready", NAMESPACE_READY_MS);
  return holder.pid;
}

/** Runs `task` on the network of process `pid`; the descriptor that it gets is closed after. */
export function inNetworkOf<T>(pid: number, task: (network: Rtnetlink, namespace: number) => T): T {
  const namespace = openNamespace(pid);
  try {
    return withRtnetlink(namespace, network => task(network, namespace));
  } finally {
    closeNamespace(namespace);
  }
}
