/**
 * One node's daemon, from its start to its end:
 *
 *   1. who am I: underlay addresses and MTU, overlay MAC
 *   2. the data plane's thread starts, with tables that let nothing through
 *   3. register with the control plane -> pod CIDRs, and everything that it knows: no packet meets half of that
 *   4. pw0, routes, masquerade; the pods of before a restart are found and plugged in again
 *   5. Ready: Pods bound to this node run; peers and addresses become tables as they change
 *
 * A lost control plane changes nothing for running pods and their traffic. On SIGTERM the daemon lets go of
 * everything and its pods live on: who wants them gone ends them (`podwire down`).
 */
import { mkdirSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import type { Pod } from "@podwire/api";
import {
  type NodeRegistration,
  NodeSyncClient,
  type NodeSyncHandlers,
  type NodeTls,
} from "@podwire/client/node-sync";
import { type Compiled, compile, type NetworkSnapshot, type Omission } from "@podwire/compiler";
import type { Tun } from "@podwire/linux";
import type { ObjectName, Registered, Taint, Vtep } from "@podwire/protocol";
import { type ConfigKind, Runtime } from "@podwire/runtime";
import type { AddressRange } from "@podwire/wire/address-range";
import { ConfigStore } from "./config-store.ts";
import type { PeerEndpoint } from "./dataplane/commands.ts";
import { type DataPlane, startDataPlane } from "./dataplane/handle.ts";
import { ClusterNames } from "./dns/cluster-names.ts";
import type { ForwardingOptions } from "./dns/forward/servers.ts";
import { NodeDns } from "./dns/node-dns.ts";
import { configureHostDevice, openHostDevice } from "./host-device.ts";
import { capacity, nodeInfo, podMtu, systemLabels, underlayMtu, vtepMac } from "./identity.ts";
import { type Connection, type NodeState, serveInspection } from "./inspection.ts";
import { Ipam } from "./ipam.ts";
import { DEFAULT_POD_CAPACITY } from "./limits.ts";
import { OutsideServices } from "./outside-services.ts";
import { Peers } from "./peers.ts";
import { PodNetwork } from "./pod-network.ts";
import { HOST_PORT } from "./ports.ts";
import { Publisher } from "./publisher.ts";
import { KnownServices } from "./services.ts";
import { Streams } from "./streams.ts";

export interface NodeOptions {
  name: string;
  /** gRPC target of the control plane. */
  server: string;
  /** The node's certificate, and whom it must prove to be. */
  tls: NodeTls;
  /** The node's directory, and the lab's in which it lies. */
  directory: string;
  labDirectory: string;
  /** InternalIPs, at most one a family; peers are reached over the family of the first. */
  addresses: readonly string[];
  underlayDevice: string;
  udpPort: number;
  vni: number;
  /** What /etc/resolv.conf names in pods of dnsPolicy ClusterFirst; empty: the node's own servers. */
  clusterDns: readonly string[];
  clusterDomain: string;
  /** Who is asked for other names. */
  forwarding: ForwardingOptions;
  /** A process in the machine's network, from where servers outside of the lab are asked; absent: this one. */
  machineNamespace?: number | undefined;
  /** Load balancers' addresses, which nodes announce. */
  loadBalancerRanges: readonly AddressRange[];
  labels: Record<string, string>;
  taints: readonly Taint[];
  version: string;
  log(line: string): void;
  /** The control plane will not have this daemon: the process should end. */
  refused(why: string): void;
}

export class NodeDaemon {
  readonly #options: NodeOptions;
  readonly #vtep: Vtep;
  readonly #mtu: number;
  readonly #peers: Peers;
  readonly #publisher: Publisher;
  readonly #sync: NodeSyncClient;
  readonly #host: Tun;
  readonly #dataPlane: Promise<DataPlane>;
  #podCidrs: readonly string[] = [];
  #clusterCidrs: readonly string[] = [];
  #serviceCidrs: readonly string[] = [];
  #hostAddresses: readonly string[] = [];
  #network: PodNetwork | undefined;
  #runtime: Runtime | undefined;
  #streams: Streams | undefined;
  #inspection: Server | undefined;
  /** Pods that the control plane named before the runtime was ready for them. */
  readonly #early = new Map<string, Pod>();
  readonly #configs = new ConfigStore();
  readonly #services = new KnownServices();
  readonly #outside: OutsideServices;
  /** Resolves when everything is known: with less, packets of running pods would be refused. */
  readonly #synced: Promise<void>;
  #settleSynced!: () => void;
  #isSynced = false;
  #connection: Connection = { connected: false, since: new Date().toISOString() };
  readonly #names = new ClusterNames(this.#services);
  #dns: NodeDns | undefined;
  /** What the data plane does not know yet. */
  #stale: "all" | "services" | undefined;
  readonly #started: Promise<void>;
  #settleStart!: { resolve(): void; reject(error: Error): void };
  #booting = false;

  constructor(options: NodeOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    this.#vtep = {
      mac: vtepMac(options.name),
      udpPort: options.udpPort,
      vni: options.vni,
      underlayMtu: underlayMtu(options.underlayDevice),
      remoteChecksumOffload: true,
    };
    this.#mtu = podMtu(options.name, options.addresses, this.#vtep);
    this.#peers = new Peers(options.name);
    this.#publisher = new Publisher({
      snapshot: revision => this.#snapshot(revision),
      publish: compiled => this.#publish(compiled),
      omitted: omissions => this.#omitted(omissions),
    });
    this.#host = openHostDevice();
    this.#dataPlane = startDataPlane({
      udpPort: options.udpPort,
      udpSegmentation: this.#host.udpSegmentation,
      tables: compile(this.#snapshot(0)).tables,
      flowsPath: join(options.directory, "flows"),
    });
    this.#synced = new Promise(resolve => {
      this.#settleSynced = resolve;
    });
    this.#outside = new OutsideServices({
      node: options.name,
      addresses: options.addresses,
      device: options.underlayDevice,
      vni: options.vni,
      services: this.#services,
      peers: () => this.#peers.list().map(({ name }) => name),
      ranges: options.loadBalancerRanges,
      warn: (service, reason, message) =>
        this.#sync.serviceEvent(service, { type: "Warning", reason, message }),
      log: options.log,
    });
    this.#started = new Promise((resolve, reject) => {
      this.#settleStart = { resolve, reject };
    });
    this.#dataPlane.catch(error => this.#settleStart.reject(error));
    this.#sync = new NodeSyncClient({
      address: options.server,
      tls: options.tls,
      registration: () => this.#registration(),
      handlers: this.#handlers(),
      connection: state => this.#connectionChanged(state),
      unreachable: why => options.log(`control plane not reached: ${why}`),
      refused: options.refused,
    });
  }

  /** Resolves when the node is Ready for pods. Rejects when the machine does not let it be. */
  async start(): Promise<void> {
    this.#sync.start();
    await this.#started;
  }

  /** Lets go: pods, devices and connections stay for the next daemon. */
  async stop(): Promise<void> {
    this.#sync.stop();
    await this.#outside.stop();
    this.#runtime?.close();
    this.#inspection?.close();
    this.#dns?.close();
    await (await this.#dataPlane).close();
  }

  #connectionChanged(state: Omit<Connection, "since">): void {
    this.#connection = { ...state, since: new Date().toISOString() };
    const { log } = this.#options;
    this.#outside.connected(state.connected);
    log(state.connected ? "connected to the control plane" : `control plane lost: ${state.why}`);
  }

  #state(): Omit<NodeState, "node"> {
    const tables = {
      revision: this.#sync.revision,
      services: this.#services.size,
      peers: this.#peers.list().length,
    };
    return { controlPlane: this.#connection, announces: this.#outside.announced, tables };
  }

  #registration(): NodeRegistration {
    const { name, labels, taints, addresses, version } = this.#options;
    const json = (value: object) => Buffer.from(JSON.stringify(value));
    return {
      name,
      labels: { ...systemLabels, ...labels },
      taints: [...taints],
      addresses: [...addresses],
      vtep: this.#vtep,
      nodeInfo: json(nodeInfo(name, version)),
      capacity: json(capacity(DEFAULT_POD_CAPACITY)),
    };
  }

  #handlers(): NodeSyncHandlers {
    return {
      registered: message => this.#registered(message),
      peer: peer => this.#changed(() => this.#peers.set(peer)),
      peerGone: name => this.#changed(() => this.#peers.delete(name)),
      // Routes need only the pod CIDRs of nodes; single addresses matter to policies.
      podAddresses: () => {},
      podAddressesGone: () => {},
      pod: pod => (this.#runtime ? this.#runtime.apply(pod) : this.#early.set(pod.metadata.uid, pod)),
      podDeleted: ({ uid }) => {
        this.#early.delete(uid);
        this.#runtime?.remove(uid);
      },
      config: (kind, object) => {
        this.#configs.set(kind, object);
        this.#configChanged(kind, object.metadata);
      },
      configGone: (kind, name) => {
        this.#configs.delete(kind, name.namespace, name.name);
        this.#configChanged(kind, name);
      },
      service: service => this.#servicesChanged(() => this.#services.set(service)),
      serviceGone: name => this.#servicesChanged(() => this.#services.delete(name)),
      endpointSlice: slice => this.#servicesChanged(() => this.#services.setSlice(slice)),
      endpointSliceGone: name => this.#servicesChanged(() => this.#services.deleteSlice(name)),
      namespace: name => this.#names.add(name),
      namespaceGone: name => this.#names.delete(name),
      synced: () => this.#nowSynced(),
      applied: () => this.#applied(),
      openStream: request => void this.#streams?.serve(request),
    };
  }

  #nowSynced(): void {
    this.#names.synced();
    this.#changed(() => (this.#isSynced = true));
    this.#settleSynced();
  }

  #configChanged(kind: ConfigKind, { namespace, name }: ObjectName): void {
    this.#runtime?.objectChanged(kind, namespace, name);
  }

  #changed(change: () => void): void {
    change();
    this.#stale = "all";
  }

  #servicesChanged(change: () => void): void {
    change();
    this.#stale ??= "services";
  }

  #applied(): void {
    if (this.#stale === undefined || !this.#isSynced) return;
    const what = this.#stale;
    this.#stale = undefined;
    this.#publisher
      .publish(what)
      .then(() => this.#enter())
      .catch(error => this.#options.log(`tables not published: ${error.message}`));
  }

  /** What the data plane knows by now, the kernel may bring to it. */
  #enter(): void {
    // Not before the pods of a daemon before this one are known: their host ports stay as they are until then.
    if (this.#isSynced && this.#runtime) this.#outside.apply(this.#network?.hostPorts() ?? new Map());
  }

  async #publishPods(): Promise<void> {
    await this.#publisher.publish();
    this.#enter();
  }

  #registered(message: Registered): void {
    this.#podCidrs = message.podCidrs;
    this.#clusterCidrs = message.clusterCidrs;
    this.#serviceCidrs = message.serviceCidrs;
    if (this.#booting) return;
    this.#booting = true;
    this.#boot().then(this.#settleStart.resolve, this.#settleStart.reject);
  }

  async #boot(): Promise<void> {
    const { directory, name, log } = this.#options;
    const ipam = new Ipam(join(directory, "ipam.json"), name, this.#podCidrs);
    this.#hostAddresses = ipam.nodeAddresses();
    configureHostDevice({
      addresses: this.#hostAddresses,
      podCidrs: this.#podCidrs,
      clusterCidrs: this.#clusterCidrs,
      serviceCidrs: this.#serviceCidrs,
      mtu: this.#mtu,
    });
    this.#outside.configured(this.#hostAddresses, this.#serviceCidrs);
    this.#dns = this.#makeDns();
    const dataPlane = await this.#dataPlane;
    const network = new PodNetwork({
      ipam,
      dataPlane,
      mtu: this.#mtu,
      publish: () => this.#publishPods(),
    });
    this.#network = network;
    await this.#dns.started;
    await this.#synced;
    await this.#publisher.publish();
    await dataPlane.addPort({ port: HOST_PORT, fd: this.#host.fd, mtu: this.#mtu });
    const runtime = this.#makeRuntime(network);
    const recovered = await runtime.recover();
    network.releaseAllBut(new Set(recovered.map(pod => pod.metadata.uid)));
    if (recovered.length > 0) log(`found ${recovered.length} pods of before the restart`);
    this.#inspection = await serveInspection({
      socketPath: join(directory, "node.sock"),
      node: name,
      dataPlane,
      state: () => this.#state(),
      podOf: port => network.nameOf(port),
      peerOf: index => this.#peers.list().find(peer => peer.index === index)?.name,
    });
    this.#runtime = runtime;
    this.#streams = new Streams(runtime, streamId => this.#sync.attach(streamId));
    for (const pod of this.#early.values()) runtime.apply(pod);
    this.#early.clear();
    this.#enter();
    this.#sync.setReady();
  }

  #makeDns(): NodeDns {
    const { addresses, clusterDomain, forwarding, machineNamespace, underlayDevice, log } = this.#options;
    return new NodeDns({
      names: this.#names,
      domain: clusterDomain,
      addresses: this.#hostAddresses,
      nodeAddresses: addresses,
      clusterCidrs: this.#clusterCidrs,
      serviceCidrs: this.#serviceCidrs,
      underlayDevice,
      forwarding,
      machineNamespace,
      log,
    });
  }

  #makeRuntime(network: PodNetwork): Runtime {
    const { directory, labDirectory, name, addresses, clusterDns, clusterDomain } = this.#options;
    return new Runtime({
      labDir: labDirectory,
      nodeDir: directory,
      nodeName: name,
      hostIPs: addresses,
      network,
      objects: this.#configs,
      services: namespace => this.#services.of(namespace),
      clusterDns,
      clusterDomain,
      report: (pod, status) => this.#sync.podStatus(pod, status),
      event: (pod, event) => this.#sync.event(pod, event),
      gone: pod => this.#sync.podGone(pod),
    });
  }

  #snapshot(revision: number): NetworkSnapshot {
    const { name, addresses, vni } = this.#options;
    return {
      revision,
      vni,
      node: {
        name,
        addresses,
        podCIDRs: this.#podCidrs,
        hostAddresses: this.#hostAddresses,
        mac: this.#vtep.mac,
        underlayMtu: this.#vtep.underlayMtu,
      },
      clusterCIDRs: this.#clusterCidrs,
      serviceCIDRs: this.#serviceCidrs,
      peers: this.#peers.list(),
      pods: this.#network?.localPods() ?? [],
    };
  }

  #omitted(omissions: readonly Omission[]): void {
    for (const { object, field, message } of omissions) this.#options.log(`${object}: ${field}: ${message}`);
  }

  async #publish(compiled: Compiled | undefined): Promise<void> {
    const dataPlane = await this.#dataPlane;
    const place = { node: this.#options.name, zone: this.#peers.zone };
    const { shards, omissions, replaced } = this.#services.compile(
      place,
      this.#network?.hostPorts() ?? new Map(),
    );
    this.#omitted(omissions);
    if (compiled === undefined) await dataPlane.publishServices(shards);
    else await dataPlane.publish(compiled.tables, this.#endpointsOf(compiled), shards);
    this.#services.recycle(replaced);
  }

  #endpointsOf({ endpoints }: Compiled): PeerEndpoint[] {
    const ports = new Map(this.#peers.list().map(peer => [peer.index, peer.udpPort]));
    return endpoints.map(({ index, address }) => ({
      index,
      address,
      udpPort: ports.get(index) ?? this.#options.udpPort,
    }));
  }
}
