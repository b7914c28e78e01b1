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
 *
 * A packet of a translated flow is marked with its entry, and translated when it goes out (forward.ts): until then, what
 * its sender is told of it quotes what the sender sent.
 */
import { Counter, type Counters, Drop, type ServiceShards, type Tables } from "@podwire/tables";
import { Protocol } from "@podwire/wire";
import type { Affinities } from "./affinity.ts";
import { type Conntrack, Flow, UNKNOWN_END } from "./conntrack.ts";
import { opens } from "./flow-state.ts";
import type { FlowLog } from "./flows.ts";
import type { Forwarder } from "./forward.ts";
import type { Fragments } from "./fragments.ts";
import { IcmpError, type IcmpErrors } from "./icmp-error.ts";
import { Judge } from "./judge.ts";
import { Packet, PacketKind } from "./packet.ts";
import { LANES } from "./ports.ts";
import { isToQuotedSource, parseQuoted } from "./related.ts";
import { ServiceVerdict } from "./service.ts";
import type { TcpResets } from "./tcp-reset.ts";
import type { Translation } from "./translate.ts";
import { NO_ENTRY } from "./tuple-table.ts";
import { isBackground, uncarried } from "./uncarried.ts";

export class FlowPath {
  readonly #view: DataView;
  readonly #conntrack: Conntrack;
  readonly #fragments: Fragments;
  readonly #forwarder: Forwarder;
  readonly #translation: Translation;
  readonly #errors: IcmpErrors;
  readonly #resets: TcpResets;
  readonly #log: FlowLog;
  readonly #counters: Counters;
  readonly #judge: Judge;
  /** The tuple of a flow that is judged again. */
  readonly #tuple = new Packet();
  /** The packet that an ICMP error quotes. */
  readonly #quoted = new Packet();
  #epoch = 0;

  constructor(
    view: DataView,
    conntrack: Conntrack,
    fragments: Fragments,
    forwarder: Forwarder,
    translation: Translation,
    errors: IcmpErrors,
    resets: TcpResets,
    log: FlowLog,
    counters: Counters,
    affinities: Affinities,
    tables: Tables,
  ) {
    this.#view = view;
    this.#conntrack = conntrack;
    this.#fragments = fragments;
    this.#forwarder = forwarder;
    this.#translation = translation;
    this.#errors = errors;
    this.#resets = resets;
    this.#log = log;
    this.#counters = counters;
    this.#judge = new Judge(tables, affinities);
  }

  /** From now on every flow is judged anew when its next packet comes. */
  publish(tables: Tables, services: ServiceShards): void {
    this.#judge.tables = tables;
    this.#judge.service.tables = tables;
    this.#judge.service.table.update(services);
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
    if (this.#startsAnew(packet, entry)) return this.#first(packet);
    if (conntrack.get(entry >> 1, Flow.isTranslated) === 1) packet.translation = entry;
    const reason = this.#admit(packet, entry);
    if (reason !== Drop.none) return reason;
    if (packet.translation !== NO_ENTRY && !this.#translation.mayLeave(packet, entry))
      return Drop.sctpFragment;
    conntrack.touch(entry, packet.flags, packet.length);
    if (packet.firstFragment === 1) this.#fragments.remember(packet, entry);
    return this.#forwarder.forward(packet, conntrack.toEnd(entry), this.#lane(entry));
  }

  /** A flow that starts anew, and whose backend takes no new flows, or which would get one now, ends for another. */
  #startsAnew(packet: Packet, entry: number): boolean {
    const verdict = this.#conntrack.get(entry >> 1, Flow.serviceVerdict);
    if (verdict < ServiceVerdict.draining) return false;
    if ((entry & 1) !== 0 || !opens(packet.protocol, packet.flags)) return false;
    this.#conntrack.end(entry >> 1);
    return true;
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
    const { outgoing } = this.#judge;
    let to = this.#judge.judgeFirst(packet);
    if (to >= 0 && !conntrack.makeUnique(outgoing)) to = -Drop.translationPortsExhausted;
    if (to < 0) {
      if (!isBackground(-to)) this.#log.dropped(packet, -to);
      return this.#refuse(packet, -to);
    }
    const flow = conntrack.create(packet, outgoing, this.#epoch, packet.arrival, to);
    this.#recordVerdicts(flow);
    this.#log.flowStarted(flow);
    this.#counters.add(Counter.flowsCreated, 1);
    if (this.#judge.serviceVerdict === ServiceVerdict.translated)
      this.#counters.add(Counter.flowsTranslated, 1);
    const entry = flow << 1;
    conntrack.count(entry, packet.length);
    packet.translation = conntrack.get(flow, Flow.isTranslated) === 1 ? entry : NO_ENTRY;
    if (packet.firstFragment === 1) {
      if (packet.translation !== NO_ENTRY && !this.#translation.mayLeave(packet, entry))
        return Drop.sctpFragment;
      this.#fragments.remember(packet, entry);
    }
    return this.#forwarder.forward(packet, to, this.#lane(entry));
  }

  /**
   * False when the flow is over, and the packet stands for itself: its sender has lost the address, or its destination is
   * another's now (service.ts).
   */
  #judgeAgain(flow: number): boolean {
    const conntrack = this.#conntrack;
    const tuple = this.#tuple;
    conntrack.tuples.read(flow << 1, tuple);
    tuple.arrival = conntrack.get(flow, Flow.originatorEnd);
    this.#counters.add(Counter.flowsRejudged, 1);
    if (tuple.arrival === UNKNOWN_END) {
      tuple.arrival = this.#judge.sender(tuple);
      conntrack.set(flow, Flow.originatorEnd, tuple.arrival);
      conntrack.set(flow, Flow.verdict, Drop.flowWaits);
      if (tuple.arrival === UNKNOWN_END) return true;
    }
    if (this.#judge.source(tuple) !== Drop.none) {
      conntrack.end(flow);
      return false;
    }
    conntrack.tuples.readOutgoing(flow << 1, this.#judge.outgoing);
    const to = this.#judge.review(tuple, conntrack.get(flow, Flow.serviceVerdict));
    if (this.#judge.serviceVerdict === ServiceVerdict.over) {
      conntrack.end(flow);
      return false;
    }
    conntrack.set(flow, Flow.epoch, this.#epoch);
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

  /** Where nobody has the address or the port, the sender is told. */
  #refuse(packet: Packet, reason: number): number {
    if (reason === Drop.serviceWithoutBackends || reason === Drop.servicePortUnknown) {
      if (packet.protocol === Protocol.Tcp) this.#resets.send(packet);
      else this.#errors.send(this.#judge.tables, packet, IcmpError.portUnreachable, 0);
    }
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
    if (conntrack.get(entry >> 1, Flow.isTranslated) === 1) packet.translation = entry;
    conntrack.count(entry, packet.length);
    return this.#forwarder.forward(packet, conntrack.toEnd(entry), this.#lane(entry));
  }

  #icmpError(packet: Packet): number {
    const conntrack = this.#conntrack;
    const quoted = this.#quoted;
    const reason = uncarried(packet) || parseQuoted(this.#view, packet, quoted) || this.#judge.source(packet);
    if (reason !== Drop.none) return reason;
    const entry = conntrack.findQuoted(quoted);
    if (entry === NO_ENTRY) return Drop.icmpErrorNoFlow;
    if (!isToQuotedSource(packet, quoted)) return Drop.icmpErrorBad;
    if (conntrack.get(entry >> 1, Flow.epoch) !== this.#epoch && !this.#judgeAgain(entry >> 1)) {
      return Drop.icmpErrorNoFlow;
    }
    if (conntrack.get(entry >> 1, Flow.verdict) !== Drop.none) return Drop.icmpErrorNoFlow;
    if (conntrack.toEnd(entry) !== packet.arrival) return Drop.icmpErrorBad;
    if (conntrack.get(entry >> 1, Flow.isTranslated) === 1) {
      const damaged = this.#translation.applyToError(packet, quoted, entry);
      if (damaged !== Drop.none) return damaged;
    }
    // It goes the other way than the packet it quotes; and it keeps a flow alive as little as it moves its state.
    return this.#forwarder.forward(packet, conntrack.fromEnd(entry), this.#lane(entry));
  }

  /** All packets of a flow in one direction take one lane. */
  #lane(entry: number): number {
    return this.#conntrack.tuples.hash(entry & ~1) & (LANES - 1);
  }
}
