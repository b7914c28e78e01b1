/** A node daemon's side of the node stream that keeps what it is told, for tests to await. */
import type { ConfigMap, Pod, Secret } from "@podwire/api";
import {
  NodeSyncClient,
  type NodeSyncHandlers,
  type NodeSyncOptions,
  type NodeTls,
} from "@podwire/client/node-sync";
import { testNode } from "@podwire/pki/testing";
import type { OpenStream, Peer, PodRef, Registered } from "@podwire/protocol";

export type TestNodeOptions = Partial<NodeSyncOptions> & { name?: string };

export class TestNode {
  readonly name: string;
  readonly client: NodeSyncClient;
  readonly peers = new Map<string, Peer>();
  readonly addresses = new Map<string, readonly string[]>();
  readonly pods = new Map<string, Pod>();
  readonly configs = new Map<string, ConfigMap | Secret>();
  readonly streams: OpenStream[] = [];
  registered: Registered[] = [];
  snapshots = 0;
  connects = 0;
  cuts: string[] = [];
  refusedWith: string | undefined;
  readonly unreachable: string[] = [];
  readonly #waiting = new Set<() => void>();

  static async start(address: string, index: number, options: TestNodeOptions = {}): Promise<TestNode> {
    const { name = `node-${index}` } = options;
    return new TestNode(address, index, { ...options, name, tls: options.tls ?? (await testNode(name)) });
  }

  private constructor(
    address: string,
    index: number,
    options: TestNodeOptions & { name: string; tls: NodeTls },
  ) {
    this.name = options.name;
    const mac = Buffer.from([2, 0, 0, 0, 0, index]);
    const vtep = { mac, udpPort: 4789, vni: 1, underlayMtu: 1500, remoteChecksumOffload: true };
    this.client = new NodeSyncClient({
      address,
      registration: () => ({
        name: this.name,
        labels: { "podwire.dev/index": String(index) },
        taints: [],
        addresses: [`192.168.77.${index}`],
        vtep,
        nodeInfo: Buffer.from('{"kubeletVersion":"test","operatingSystem":"linux","architecture":"amd64"}'),
        capacity: Buffer.from('{"pods":"110"}'),
      }),
      handlers: this.#handlers(),
      connection: state => {
        if (state.connected) this.connects++;
        else this.cuts.push(state.why);
        this.#changed();
      },
      unreachable: why => {
        this.unreachable.push(why);
        this.#changed();
      },
      refused: why => {
        this.refusedWith = why;
        this.#changed();
      },
      notReady: "",
      ...options,
    });
    this.client.start();
  }

  /** Resolves when it holds, now or after something the node is told. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.#waiting.add(resolve));
  }

  podNamed(name: string): Pod | undefined {
    return [...this.pods.values()].find(({ metadata }) => metadata.name === name);
  }

  #handlers(): NodeSyncHandlers {
    return {
      registered: message => this.registered.push(message),
      peer: peer => this.peers.set(peer.name, peer),
      peerGone: name => this.peers.delete(name),
      podAddresses: ({ pod, addresses }) => this.addresses.set(pod.name, addresses),
      podAddressesGone: ({ name }) => this.addresses.delete(name),
      pod: pod => this.pods.set(pod.metadata.uid, pod),
      podDeleted: ({ uid }) => this.pods.delete(uid),
      config: (kind, object) => this.configs.set(`${kind}/${object.metadata.name}`, object),
      configGone: (kind, { name }) => this.configs.delete(`${kind}/${name}`),
      service: () => {},
      serviceGone: () => {},
      endpointSlice: () => {},
      endpointSliceGone: () => {},
      namespace: () => {},
      namespaceGone: () => {},
      synced: () => this.snapshots++,
      applied: () => this.#changed(),
      openStream: request => this.streams.push(request),
    };
  }

  #changed(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

export function refOf({ metadata: { namespace, name, uid } }: Pod): PodRef {
  return { namespace, name, uid };
}
