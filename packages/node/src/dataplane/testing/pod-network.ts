/**
 * A small pod network for tests, without a control plane: nodes in namespaces on one underlay bridge, each with a data
 * plane or with the kernel's own VXLAN device in its place, and pods in namespaces of theirs.
 *
 * ```
 *   pod a1   pod a2        pod b1           pod c1
 *      \      /               |                |          10.244.N.0/24, fd00:10:244:N::/64
 *       node a             node b      node c (kernel VXLAN)
 *          \__________________|________________/          192.168.9.N/24, fd09::N/64
 * ```
 */

import { compile, type LocalPod } from "@podwire/compiler";
import { closeTun, inNamespace, openTun, type Tun, withRtnetlink, writeSysctl } from "@podwire/linux";
import { openTestNamespace, type TestNamespace } from "@podwire/linux/testing";
import { type DataPlane, startDataPlane } from "../handle.ts";

const UDP_PORT = 4789;
const VNI = 1;
const CLUSTER_CIDRS = ["10.244.0.0/16", "fd00:10:244::/56"];

export interface TestPod {
  readonly name: string;
  readonly namespace: TestNamespace;
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface TestNode {
  readonly number: number;
  readonly namespace: TestNamespace;
  readonly pods: TestPod[];
  readonly tuns: Tun[];
  /** Absent on a node of the kernel. */
  dataPlane?: DataPlane;
}

export interface PodNetworkOptions {
  readonly underlayMtu: number;
  /** Family of the underlay addresses that nodes use. */
  readonly underlayFamily: 4 | 6;
  /** Pods of each node that has a data plane. */
  readonly pods: readonly number[];
  /** Adds one more node, with one pod, that is a kernel VXLAN device. */
  readonly kernelNode?: boolean;
}

export class PodNetwork {
  readonly nodes: TestNode[] = [];
  readonly podMtu: number;
  readonly #options: PodNetworkOptions;
  #underlay!: TestNamespace;

  private constructor(options: PodNetworkOptions) {
    this.#options = options;
    this.podMtu = Math.min(options.underlayMtu - (options.underlayFamily === 4 ? 50 : 70), 65_485);
  }

  static async open(options: PodNetworkOptions): Promise<PodNetwork> {
    const network = new PodNetwork(options);
    try {
      await network.#build();
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  pod(name: string): TestPod {
    return this.nodes.flatMap(node => node.pods).find(pod => pod.name === name)!;
  }

  async close(): Promise<void> {
    for (const node of this.nodes) {
      await node.dataPlane?.close();
      for (const tun of node.tuns) closeTun(tun);
      for (const pod of node.pods) await pod.namespace.close();
      await node.namespace.close();
    }
    await this.#underlay?.close();
  }

  async #build(): Promise<void> {
    this.#underlay = await openTestNamespace();
    withRtnetlink(this.#underlay.fd, network => {
      network.createBridge("underlay");
      network.setLink("underlay", { up: true });
    });
    for (const pods of this.#options.pods) await this.#addNode(pods);
    if (this.#options.kernelNode === true) await this.#addNode(1);
    const daemons = this.nodes.slice(0, this.#options.pods.length);
    for (const node of daemons) await this.#startDataPlane(node);
    for (const node of this.nodes.slice(daemons.length)) this.#startKernel(node);
  }

  async #addNode(pods: number): Promise<void> {
    const number = this.nodes.length + 1;
    const node: TestNode = { number, namespace: await openTestNamespace(), pods: [], tuns: [] };
    this.nodes.push(node);
    const mtu = this.#options.underlayMtu;
    withRtnetlink(node.namespace.fd, network => {
      const far = { peerName: `node${number}`, peerNamespace: this.#underlay.fd };
      network.createVeth({ name: "eth0", ...far, mtu });
      network.setLink("eth0", { up: true });
      network.addAddress("eth0", `192.168.9.${number}/24`);
      network.addAddress("eth0", `fd09::${number}/64`);
    });
    withRtnetlink(this.#underlay.fd, network =>
      network.setLink(`node${number}`, { master: "underlay", up: true }),
    );
    for (let i = 1; i <= pods; i++) {
      node.pods.push({
        name: `${String.fromCharCode(96 + number)}${i}`,
        namespace: await openTestNamespace(),
        ipv4: `10.244.${number}.${i + 1}`,
        ipv6: `fd00:10:244:${number}::${i + 1}`,
      });
    }
  }

  async #startDataPlane(node: TestNode): Promise<void> {
    for (const pod of node.pods) node.tuns.push(this.#openPodDevice(pod));
    const { tables, endpoints, omissions } = this.#compile(node);
    if (omissions.length > 0) throw new Error(JSON.stringify(omissions));
    const udpSegmentation = node.tuns.every(tun => tun.udpSegmentation);
    const options = { udpPort: UDP_PORT, tables, udpSegmentation };
    node.dataPlane = await inNamespace(node.namespace.fd, () => startDataPlane(options));
    const peers = endpoints.map(endpoint => ({ ...endpoint, udpPort: UDP_PORT }));
    for (const [i, tun] of node.tuns.entries()) {
      await node.dataPlane.addPort({ port: i + 1, fd: tun.fd, mtu: this.podMtu });
    }
    await node.dataPlane.publish(tables, peers);
  }

  #openPodDevice(pod: TestPod): Tun {
    const tun = openTun({ name: "eth0", namespace: pod.namespace.fd, queueLength: 1000 });
    writeSysctl(pod.namespace.fd, "net/ipv6/conf/eth0/addr_gen_mode", 1);
    writeSysctl(pod.namespace.fd, "net.ipv4.ping_group_range", "0 0");
    withRtnetlink(pod.namespace.fd, network => {
      network.setLink("eth0", { up: true, mtu: this.podMtu });
      network.addAddress("eth0", `${pod.ipv4}/32`);
      network.addAddress("eth0", `${pod.ipv6}/128`);
      network.addRoute({ destination: "0.0.0.0/0", device: "eth0" });
      network.addRoute({ destination: "::/0", device: "eth0" });
    });
    return tun;
  }

  #compile(node: TestNode) {
    const pods: LocalPod[] = node.pods.map((pod, i) => {
      return { name: `test/${pod.name}`, port: i + 1, addresses: [pod.ipv4, pod.ipv6] };
    });
    const others = this.nodes.filter(other => other !== node);
    return compile({
      revision: 1,
      vni: VNI,
      clusterCIDRs: CLUSTER_CIDRS,
      serviceCIDRs: [],
      node: { name: `node${node.number}`, hostAddresses: this.#hostAddresses(node), ...this.#identity(node) },
      peers: others.map((other, index) => {
        // Linux' VXLAN device drops frames that use it, unless it was made with `remcsumrx`.
        const remoteChecksumOffload = other.number <= this.#options.pods.length;
        return { index, name: `node${other.number}`, remoteChecksumOffload, ...this.#identity(other) };
      }),
      pods,
    });
  }

  /** No device has them here: they are what ICMP errors come from. */
  #hostAddresses({ number }: TestNode): string[] {
    return [`10.244.${number}.1`, `fd00:10:244:${number}::1`];
  }

  #identity({ number }: TestNode) {
    const { underlayMtu, underlayFamily } = this.#options;
    return {
      addresses: [underlayFamily === 4 ? `192.168.9.${number}` : `fd09::${number}`],
      podCIDRs: [`10.244.${number}.0/24`, `fd00:10:244:${number}::/64`],
      mac: Uint8Array.of(2, 0, 0, 0, 0, number),
      underlayMtu,
    };
  }

  /** The kernel as a node: its pods hang on veth pairs, its peers are static forwarding entries and routes. */
  #startKernel(node: TestNode): void {
    const { number, namespace } = node;
    const local = this.#identity(node).addresses[0]!;
    writeSysctl(namespace.fd, "net.ipv4.ip_forward", 1);
    writeSysctl(namespace.fd, "net.ipv6.conf.all.forwarding", 1);
    withRtnetlink(namespace.fd, network => {
      network.createVxlan({
        name: "vxlan",
        vni: VNI,
        udpPort: UDP_PORT,
        local,
        mac: mac(number),
        mtu: this.podMtu,
      });
      network.setLink("vxlan", { up: true });
      for (const peer of this.nodes.filter(other => other !== node)) {
        network.replaceForwarding("vxlan", mac(peer.number), this.#identity(peer).addresses[0]!);
        for (const gateway of [`10.244.${peer.number}.0`, `fd00:10:244:${peer.number}::`]) {
          network.replaceNeighbour("vxlan", gateway, mac(peer.number));
          const destination = `${gateway}/${gateway.includes(":") ? 64 : 24}`;
          network.addRoute({ destination, via: gateway, device: "vxlan", onLink: true });
        }
      }
    });
    for (const pod of node.pods) this.#attachToKernel(node, pod);
  }

  #attachToKernel(node: TestNode, pod: TestPod): void {
    const gateways = ["169.254.1.1", "fd00:169:254::1"];
    withRtnetlink(node.namespace.fd, network => {
      const peer = { peerName: "eth0", peerNamespace: pod.namespace.fd };
      network.createVeth({ name: pod.name, ...peer, mtu: this.podMtu });
      network.setLink(pod.name, { up: true });
      network.addAddress(pod.name, `${gateways[0]}/32`);
      network.addAddress(pod.name, `${gateways[1]}/128`);
      network.addRoute({ destination: `${pod.ipv4}/32`, device: pod.name });
      network.addRoute({ destination: `${pod.ipv6}/128`, device: pod.name });
    });
    writeSysctl(pod.namespace.fd, "net.ipv4.ping_group_range", "0 0");
    withRtnetlink(pod.namespace.fd, network => {
      network.setLink("eth0", { up: true });
      network.addAddress("eth0", `${pod.ipv4}/32`);
      network.addAddress("eth0", `${pod.ipv6}/128`);
      for (const [i, destination] of ["0.0.0.0/0", "::/0"].entries()) {
        network.addRoute({ destination, via: gateways[i]!, device: "eth0", onLink: true });
      }
    });
  }
}

function mac(number: number): string {
  return `02:00:00:00:00:${number.toString(16).padStart(2, "0")}`;
}
