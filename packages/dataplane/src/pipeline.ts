/**
 * The data path of one node, from a TUN device or the underlay to the other. Every packet takes these steps, each
 * one a file of that name:
 *
 *    from a TUN device                                     from the underlay
 *    [1] read: virtio-net header and packet, whole         [1] receive: datagrams, many of one size in a message
 *        virtio-header                                     [2] binding: the outer source is a known node
 *                                                          [3] decapsulate: VXLAN, VNI, Ethernet; then ecn
 *    [4] parse, once
 *    [5] conntrack: a packet of a known flow goes on at [11] when it comes from where its direction comes from;
 *        fragments: later ones find their flow by the first; related: ICMP errors by what they quote
 *   ---- judge: the first packet of a flow, and the next one of each flow after every publish ----
 *    [6] uncarried: multicast, broadcast, link-local are not for the pod network
 *    [7] antispoof for what a TUN device sent, binding for what a peer sent: the source is the sender's
 *    [8] service: a destination that is a Service's becomes a backend's
 *    [9] policy, egress
 *   [10] route: to a port of this node or to a peer; policy, ingress
 *   ---- forward: every packet ----
 *   [11] TTL and hop limit; MTU: inner-fragments, or icmp-error to the sender
 *        translate: a Service's flow
 *   [12] to a peer: encapsulate (split, VXLAN, outbox, flush)      to a TUN device: deliver (merged, if from a peer)
 *
 * The loop calls, with its clock: `fromTun` for each device that has something, `fromUnderlay` when the socket has,
 * then `flush`; `tick` some ten times a second. Nothing here allocates after construction, blocks or throws. What
 * was read from TUN devices lies in the arena, packed, until `flush`; `fromTun` flushes on its own when it is full.
 *
 * Every packet that comes in is counted once: as `forwarded`, or as dropped under one name.
 */
import {
  buildTables,
  Counter,
  type Counters,
  Drop,
  FlowRecordWriter,
  HOST_PORT,
  HOST_TARGET,
  type ServiceShards,
  Tables,
  TargetKind,
  target,
  targetIndex,
} from "@podwire/tables";
import { virtio } from "@podwire/wire";
import { Affinities } from "./affinity.ts";
import { type ArenaLayout, TUN_SLOT_BYTES } from "./arena-layout.ts";
import { outerPeer } from "./binding.ts";
import { Clock } from "./clock.ts";
import { Conntrack } from "./conntrack.ts";
import { checkEncapsulation, isKernelDevice, isUnsplitMessage } from "./decapsulate.ts";
import { Deliverer } from "./deliver.ts";
import { decapsulateEcn } from "./ecn.ts";
import { Encapsulator } from "./encapsulate.ts";
import { FlowPath } from "./flow-path.ts";
import { FlowLog } from "./flows.ts";
import { Forwarder } from "./forward.ts";
import { Fragments } from "./fragments.ts";
import { IcmpErrors } from "./icmp-error.ts";
import { InnerFragments } from "./inner-fragments.ts";
import { limits } from "./limits.ts";
import {
  createChecksumKernel,
  ENCAPSULATION_BYTES,
  guessPartialChecksum,
  HEADROOM_BYTES,
  readRemoteChecksum,
} from "./offload/index.ts";
import { SuperPacket } from "./offload/super-packet.ts";
import { Packet } from "./packet.ts";
import { parse } from "./parse.ts";
import { PathMtu } from "./path-mtu.ts";
import { type PacketIo, RECEIVED } from "./ports.ts";
import { ReturnPath } from "./return-path.ts";
import { TcpResets } from "./tcp-reset.ts";
import { Translation } from "./translate.ts";
import { readVirtioHeader, withoutVirtioHeader } from "./virtio-header.ts";

/** Free room before a virtio-net header, so that VXLAN and Ethernet fit where header and room were. */
const ROOM_BYTES = HEADROOM_BYTES - virtio.HEADER_BYTES;
const READ_BYTES = virtio.HEADER_BYTES + limits.packetBytes;

export interface PipelineOptions {
  readonly io: PacketIo;
  /** Its cells are written by this pipeline alone. */
  readonly counters: Counters;
  /** A ring of `allocateFlowRecords`. */
  readonly flowRecords: SharedArrayBuffer;
  /** 64 secret random bits in two numbers: nobody else may know which flows share a bucket. */
  readonly hashSeed: readonly [number, number];
  /** The pipeline's part of the io's arena, from `layoutArena`. */
  readonly layout: ArenaLayout;
  /** Whether the TUN devices take UDP super-packets (USO: Linux 6.2). */
  readonly mergeUdp: boolean;
  /** Flows tracked at once; `limits.flows` unless given. */
  readonly flows?: number;
  /** Zeroed memory of `flowMemoryBytes(flows)` for them, which may outlive the process. */
  readonly flowMemory?: ArrayBuffer;
}

export class Pipeline {
  readonly #io: PacketIo;
  readonly #view: DataView;
  readonly #layout: ArenaLayout;
  readonly #counters: Counters;
  readonly #clock = new Clock();
  readonly #packet = new Packet();
  readonly #superPacket: SuperPacket;
  readonly #conntrack: Conntrack;
  readonly #affinities: Affinities;
  readonly #encapsulator: Encapsulator;
  readonly #deliverer: Deliverer;
  readonly #forwarder: Forwarder;
  readonly #flowPath: FlowPath;
  #tables: Tables;
  /** Where the next packet from a TUN device is read to. */
  #tunAt: number;

  constructor(options: PipelineOptions) {
    const { io, layout, counters, hashSeed } = options;
    const clock = this.#clock;
    const { arena } = io;
    const sum = createChecksumKernel(arena);
    const tables = noTables();
    const pathMtu = new PathMtu(clock);
    const log = new FlowLog(new FlowRecordWriter(options.flowRecords), clock);
    this.#io = io;
    this.#view = arena.view;
    this.#layout = layout;
    this.#counters = counters;
    this.#tables = tables;
    this.#tunAt = layout.tunAt;
    this.#superPacket = new SuperPacket(arena.view);
    this.#conntrack = new Conntrack(options.flows ?? limits.flows, hashSeed, clock, log, options.flowMemory);
    log.attach(this.#conntrack);
    this.#affinities = new Affinities(hashSeed, clock);
    this.#encapsulator = new Encapsulator(io, layout, sum, counters, pathMtu, tables);
    this.#deliverer = new Deliverer(io, layout, sum, counters, hashSeed[0], options.mergeUdp);
    const translation = new Translation(arena, this.#conntrack.tuples);
    const back = new ReturnPath(arena, this.#encapsulator, this.#deliverer, counters, clock);
    const errors = new IcmpErrors(arena, back, counters);
    const fragments = new InnerFragments(arena, sum, this.#encapsulator, this.#deliverer, counters);
    this.#forwarder = new Forwarder(
      arena.view,
      this.#encapsulator,
      this.#deliverer,
      fragments,
      translation,
      errors,
      counters,
      tables,
    );
    this.#flowPath = new FlowPath(
      arena.view,
      this.#conntrack,
      new Fragments(hashSeed, clock, this.#conntrack),
      this.#forwarder,
      translation,
      errors,
      new TcpResets(arena.view, back, counters),
      log,
      counters,
      this.#affinities,
      tables,
    );
  }

  /**
   * Takes new tables (`compile`, `buildTables`) and the shards of Services that changed in one step: between two batches,
   * from the next packet on.
   */
  publish(buffer: SharedArrayBuffer, services: ServiceShards = new Map()): void {
    const tables = new Tables(buffer);
    this.#tables = tables;
    this.#encapsulator.publish(tables);
    this.#forwarder.tables = tables;
    this.#flowPath.publish(tables, services);
    this.#counters.add(Counter.publishes, 1);
  }

  /** The same for Services alone. */
  publishServices(services: ServiceShards): void {
    this.#flowPath.publish(this.#tables, services);
    this.#counters.add(Counter.publishes, 1);
  }

  /** Goes on with the translated flows of a process before this one, by what its `flowMemory` was. Returns how many. */
  restore(flowMemory: ArrayBuffer, nowMs: number): number {
    this.#clock.set(nowMs);
    return this.#conntrack.restore(flowMemory, nowMs);
  }

  /** Port `port` (0: pw0) exists from now on and takes packets of up to `mtu` bytes. Its counters start at 0. */
  addPort(port: number, mtu: number): void {
    this.#deliverer.addPort(port, mtu);
  }

  removePort(port: number): void {
    this.#deliverer.removePort(port);
  }

  /** Reads from port `port` until there is nothing more or `budget` packets came. Returns how many came. */
  fromTun(port: number, nowMs: number, budget: number): number {
    this.#clock.set(nowMs);
    const packet = this.#packet;
    const arrival = port === HOST_PORT ? HOST_TARGET : target(TargetKind.pod, port);
    let packets = 0;
    let packetBytes = 0;
    for (; packets < budget; packets++) {
      if (this.#tunAt + TUN_SLOT_BYTES > this.#layout.tunEnd) this.flush();
      const headerAt = this.#tunAt + ROOM_BYTES;
      const read = this.#io.readTun(port, headerAt, READ_BYTES);
      if (read < 0) break;
      // A TUN device tells the length of the packet, also when it was cut.
      const bytes = Math.min(read, READ_BYTES);
      packetBytes += bytes;
      packet.arrival = arrival;
      packet.isQueued = 0;
      const reason = this.#tunPacket(headerAt, bytes);
      if (reason !== Drop.none) this.#counters.drop(reason, 1);
      // What no message refers to is read over: the next packet then finds its memory in the cache.
      if (packet.isQueued === 1) this.#tunAt = headerAt + bytes;
    }
    if (packets > 0) {
      this.#counters.add(Counter.tunBatches, 1);
      this.#counters.portIn(port, packets, packetBytes - packets * virtio.HEADER_BYTES);
    }
    return packets;
  }

  #tunPacket(headerAt: number, bytes: number): number {
    if (bytes < virtio.HEADER_BYTES) return Drop.virtioHeaderShort;
    const packet = this.#packet;
    const reason =
      parse(this.#view, packet, headerAt + virtio.HEADER_BYTES, headerAt + bytes) ||
      readVirtioHeader(this.#view, packet, this.#superPacket);
    if (reason !== Drop.none) return reason;
    if (packet.gsoType !== virtio.Gso.None) this.#counters.add(Counter.superPacketsIn, 1);
    return this.#flowPath.process(packet);
  }

  /** Receives until there is nothing more or `budget` messages came. Returns how many came. */
  fromUnderlay(nowMs: number, budget: number): number {
    this.#clock.set(nowMs);
    const { underlayAt, underlayBytes } = this.#layout;
    let messages = 0;
    while (messages < budget) {
      const received = this.#io.receiveUnderlay(underlayAt, underlayBytes);
      if (received <= 0) break;
      this.#packet.isQueued = 0;
      for (let message = 0; message < received; message++) this.#underlayMessage(message * RECEIVED.columns);
      // The next receive overwrites what was collected, or queued for another peer.
      this.#deliverer.drain();
      if (this.#packet.isQueued === 1) this.flush();
      this.#counters.add(Counter.underlayBatches, 1);
      messages += received;
    }
    return messages;
  }

  /** All datagrams of one message come from one outer source, with one TOS. */
  #underlayMessage(row: number): void {
    const { received } = this.#io;
    const at = received[row + RECEIVED.at]!;
    const end = at + received[row + RECEIVED.length]!;
    const tos = received[row + RECEIVED.tos]!;
    // An empty datagram is one, too.
    const segmentSize = Math.max(1, received[row + RECEIVED.segmentSize]!);
    const sender = outerPeer(this.#tables, this.#view, received[row + RECEIVED.sourceAt]!);
    if (sender === TargetKind.outside) {
      this.#counters.drop(Drop.outerSourceUnknown, Math.max(1, Math.ceil((end - at) / segmentSize)));
      return;
    }
    const peer = targetIndex(sender);
    const isUnsplit =
      isKernelDevice(this.#tables, peer) && isUnsplitMessage(this.#view, at, end, segmentSize);
    const size = isUnsplit ? end - at : segmentSize;
    const datagrams = Math.max(1, Math.ceil((end - at) / size));
    this.#counters.peerIn(peer, datagrams, end - at);
    for (let index = 0; index < datagrams; index++) {
      const from = at + index * size;
      this.#packet.arrival = sender;
      const to = Math.min(from + size, end);
      const reason = this.#datagram(peer, from, to, tos, isUnsplit ? segmentSize : 0);
      if (reason !== Drop.none) this.#counters.drop(reason, 1);
    }
  }

  /** `gsoSize`: payload bytes of each segment of a super-packet that the peer left unsplit, else 0. */
  #datagram(peer: number, at: number, end: number, tos: number, gsoSize: number): number {
    const view = this.#view;
    const packet = this.#packet;
    const ipAt = at + ENCAPSULATION_BYTES;
    const malformed = checkEncapsulation(view, this.#tables, peer, at, end) || parse(view, packet, ipAt, end);
    if (malformed !== Drop.none) return malformed;
    const partial =
      readRemoteChecksum(view, at, ipAt, ipAt + packet.length) ||
      (isKernelDevice(this.#tables, peer) ? guessPartialChecksum(view, ipAt, ipAt + packet.length) : 0);
    if (partial < 0) return Drop.remoteChecksumBad;
    withoutVirtioHeader(packet, partial);
    packet.gsoSize = gsoSize;
    return decapsulateEcn(view, ipAt, packet.version, tos) || this.#flowPath.process(packet);
  }

  /** Sends what is queued towards peers; the loop calls it when all that was ready has been read. */
  flush(): void {
    this.#encapsulator.flush();
    this.#tunAt = this.#layout.tunAt;
  }

  /** Ends flows that were idle too long, so many a call and no more, and brings the gauges up to date. */
  tick(nowMs: number): void {
    this.#clock.set(nowMs);
    const conntrack = this.#conntrack;
    conntrack.sweep(limits.flowsSweptPerTick);
    conntrack.stamp(nowMs);
    this.#counters.set(Counter.flowsLive, conntrack.live);
    this.#counters.set(Counter.flowsExpired, conntrack.expired);
    this.#counters.set(Counter.flowsEvicted, conntrack.evicted);
    this.#counters.set(Counter.affinities, this.#affinities.count);
    this.#counters.set(Counter.affinitiesEvicted, this.#affinities.evicted);
  }
}

/** Before the first publish nobody has an address, and every packet is dropped by name. */
function noTables(): Tables {
  return new Tables(
    buildTables({
      revision: 0,
      vni: 0,
      underlayMtu: 0,
      mac: new Uint8Array(6),
      addresses: [],
      routes: [],
      peers: [],
    }),
  );
}
