/**
 * A parsed packet's way to its flow, and the flow's to its verdict:
 *
 *   known flow      same epoch, and the packet comes from the end that its direction comes from: straight on. This is
 *                   the path of almost every packet: one hash lookup
 *   stale flow      the tables have changed: judged again by its first tuple. A flow that has lost its way or its
 *                   permission stays in the table with that verdict, so that its replies are not taken for a new flow
 *   no flow         judged, and made one. What is refused is not remembered: a flood of it must not fill the table
 *   later fragment  the flow of the first one
 *   ICMP error      the flow of the packet it quotes, in the other direction
 */
import { Counter, type Counters, Drop, type Tables } from "@podwire/tables";
import { type Conntrack, Flow } from "./conntrack.ts";
import type { FlowLog } from "./flows.ts";
import type { Forwarder } from "./forward.ts";
import type { Fragments } from "./fragments.ts";
import { IcmpError, type IcmpErrors } from "./icmp-error.ts";
import { Judge } from "./judge.ts";
import { Packet, PacketKind } from "./packet.ts";
import { LANES } from "./ports.ts";
import { isToQuotedSource, parseQuoted } from "./related.ts";
import { NO_ENTRY } from "./tuple-table.ts";
import { isBackground, uncarried } from "./uncarried.ts";

export class FlowPath {
  readonly #view: DataView;
  readonly #conntrack: Conntrack;
  readonly #fragments: Fragments;
  readonly #forwarder: Forwarder;
  readonly #errors: IcmpErrors;
  readonly #log: FlowLog;
  readonly #counters: Counters;
  readonly #judge: Judge;
  /** The tuple of a flow that is judged again, or that an ICMP error quotes. */
  readonly #tuple = new Packet();
  #epoch = 0;

  constructor(
    view: DataView,
    conntrack: Conntrack,
    fragments: Fragments,
    forwarder: Forwarder,
    errors: IcmpErrors,
    log: FlowLog,
    counters: Counters,
    tables: Tables,
  ) {
    this.#view = view;
    this.#conntrack = conntrack;
    this.#fragments = fragments;
    this.#forwarder = forwarder;
    this.#errors = errors;
    this.#log = log;
    this.#counters = counters;
    this.#judge = new Judge(tables);
  }

  /** From now on every flow is judged anew when its next packet comes. */
  publish(tables: Tables): void {
    this.#judge.tables = tables;
    this.#epoch = (this.#epoch + 1) | 0;
  }

  /** Takes a parsed packet through connection tracking and on. Returns 0 or the drop reason. */
  process(packet: Packet): number {
    switch (packet.kind) {
      case PacketKind.laterFragment:
        return this.#laterFragment(packet);
      case PacketKind.icmpError:
        return this.#icmpError(packet);
      case PacketKind.icmpOther:
        return this.#first(packet);
      default:
        return this.#flow(packet);
    }
  }

  #flow(packet: Packet): number {
    const conntrack = this.#conntrack;
    const entry = conntrack.find(packet);
    if (entry === NO_ENTRY) return this.#first(packet);
    if (conntrack.get(entry >> 1, Flow.epoch) !== this.#epoch && !this.#judgeAgain(entry >> 1)) {
      return this.#first(packet);
    }
    const reason = this.#admit(packet, entry);
    if (reason !== Drop.none) return reason;
    conntrack.touch(entry, packet.flags, packet.length);
    if (packet.firstFragment === 1) this.#fragments.remember(packet, entry);
    return this.#forwarder.forward(packet, conntrack.toEnd(entry), this.#lane(entry));
  }

  /** Whether a packet of a known flow may go on: by the flow's verdict, and by where it comes from. */
  #admit(packet: Packet, entry: number): number {
    const verdict = this.#conntrack.get(entry >> 1, Flow.verdict);
    if (verdict !== Drop.none) return this.#refuse(packet, verdict);
    if (this.#conntrack.fromEnd(entry) !== packet.arrival) return this.#judge.source(packet);
    this.#counters.add(Counter.fastPath, 1);
    return Drop.none;
  }

  #first(packet: Packet): number {
    const conntrack = this.#conntrack;
    const to = this.#judge.judgeFirst(packet);
    if (to < 0) {
      if (!isBackground(-to)) this.#log.dropped(packet, -to);
      return this.#refuse(packet, -to);
    }
    const flow = conntrack.create(packet, this.#epoch, packet.arrival, to);
    this.#recordVerdicts(flow);
    this.#log.flowStarted(flow);
    this.#counters.add(Counter.flowsCreated, 1);
    const entry = flow << 1;
    conntrack.count(entry, packet.length);
    if (packet.firstFragment === 1) this.#fragments.remember(packet, entry);
    return this.#forwarder.forward(packet, to, this.#lane(entry));
  }

  /** False when the flow's sender has lost the address: it is over, and the packet stands for itself. */
  #judgeAgain(flow: number): boolean {
    const conntrack = this.#conntrack;
    const tuple = this.#tuple;
    conntrack.tuples.read(flow << 1, tuple);
    tuple.arrival = conntrack.get(flow, Flow.originatorEnd);
    this.#counters.add(Counter.flowsRejudged, 1);
    if (this.#judge.source(tuple) !== Drop.none) {
      conntrack.end(flow);
      return false;
    }
    conntrack.set(flow, Flow.epoch, this.#epoch);
    const to = this.#judge.stages(tuple);
    const before = conntrack.get(flow, Flow.verdict);
    conntrack.set(flow, Flow.verdict, to < 0 ? -to : Drop.none);
    if (to >= 0) {
      conntrack.set(flow, Flow.responderEnd, to);
      this.#recordVerdicts(flow);
    } else if (before === Drop.none) {
      this.#counters.add(Counter.flowsRevoked, 1);
      this.#log.flowRevoked(flow);
    }
    return true;
  }

  #recordVerdicts(flow: number): void {
    this.#conntrack.set(flow, Flow.serviceVerdict, this.#judge.serviceVerdict);
    this.#conntrack.set(flow, Flow.egressVerdict, this.#judge.egressVerdict);
    this.#conntrack.set(flow, Flow.ingressVerdict, this.#judge.ingressVerdict);
  }

  /** Where nobody has the address, the sender is told. */
  #refuse(packet: Packet, reason: number): number {
    if (reason === Drop.noSuchPod || reason === Drop.noRoute) {
      this.#errors.send(this.#judge.tables, packet, IcmpError.hostUnreachable, 0);
    }
    return reason;
  }

  #laterFragment(packet: Packet): number {
    const conntrack = this.#conntrack;
    const entry = this.#fragments.find(packet);
    if (entry === NO_ENTRY) return uncarried(packet) || Drop.fragmentWithoutFirst;
    if (conntrack.get(entry >> 1, Flow.epoch) !== this.#epoch && !this.#judgeAgain(entry >> 1)) {
      return Drop.fragmentWithoutFirst;
    }
    const reason = this.#admit(packet, entry);
    if (reason !== Drop.none) return reason;
    conntrack.count(entry, packet.length);
    return this.#forwarder.forward(packet, conntrack.toEnd(entry), this.#lane(entry));
  }

  #icmpError(packet: Packet): number {
    const conntrack = this.#conntrack;
    const quoted = this.#tuple;
    const reason = uncarried(packet) || parseQuoted(this.#view, packet, quoted) || this.#judge.source(packet);
    if (reason !== Drop.none) return reason;
    const entry = conntrack.tuples.lookup(quoted);
    if (entry === NO_ENTRY) return Drop.icmpErrorNoFlow;
    if (!isToQuotedSource(packet, quoted)) return Drop.icmpErrorBad;
    if (conntrack.get(entry >> 1, Flow.epoch) !== this.#epoch && !this.#judgeAgain(entry >> 1)) {
      return Drop.icmpErrorNoFlow;
    }
    if (conntrack.get(entry >> 1, Flow.verdict) !== Drop.none) return Drop.icmpErrorNoFlow;
    if (conntrack.toEnd(entry) !== packet.arrival) return Drop.icmpErrorBad;
    // It goes the other way than the packet it quotes; and it keeps a flow alive as little as it moves its state.
    return this.#forwarder.forward(packet, conntrack.fromEnd(entry), this.#lane(entry));
  }

  /** All packets of a flow in one direction take one lane. */
  #lane(entry: number): number {
    return this.#conntrack.tuples.hash(entry & ~1) & (LANES - 1);
  }
}
