/**
 * What happens to the first packet of a flow, and to the next packet of a flow after every publish: the stages
 * that connection tracking lets the other packets skip, in their order.
 *
 *   uncarried? -> source (anti-spoofing or binding) -> Service -> egress policy -> route -> ingress policy
 *
 * Then the source: where answers to a translated flow would not come back to this data plane by themselves, its packets
 * leave with the masquerade address.
 *
 * Egress policy comes after the Service because a policy names pods, never a Service's address; the route
 * after egress policy because the two are independent and a policy's refusal is the more telling reason.
 */
import { Drop, HOST_TARGET, type Tables, TargetKind, targetKind } from "@podwire/tables";
import type { Affinities } from "./affinity.ts";
import { antispoof } from "./antispoof.ts";
import { innerSource } from "./binding.ts";
import { UNKNOWN_END } from "./conntrack.ts";
import { Packet, PacketKind } from "./packet.ts";
import { isIcmpReply } from "./parse.ts";
import { egressPolicy, ingressPolicy } from "./policy.ts";
import { route } from "./route.ts";
import { hasBackend, ServiceStage, ServiceVerdict } from "./service.ts";
import { uncarried } from "./uncarried.ts";

export class Judge {
  tables: Tables;
  readonly service: ServiceStage;
  /** The tuple with which the packet that was judged last leaves: `stages` fills it, `review` reads it. */
  readonly outgoing = new Packet();
  /** What the stages said in the last `judge` that found a way. */
  serviceVerdict = 0;
  egressVerdict = 0;
  ingressVerdict = 0;

  constructor(tables: Tables, affinities: Affinities) {
    this.tables = tables;
    this.service = new ServiceStage(tables, affinities);
  }

  /** A packet without a flow: the end it goes to, or `-Drop`. */
  judgeFirst(packet: Packet): number {
    const reason = uncarried(packet);
    if (reason !== Drop.none) return -reason;
    const source = this.source(packet);
    if (source !== Drop.none) return -source;
    if (packet.kind === PacketKind.icmpOther) return -Drop.icmpTypeUnsupported;
    if (isIcmpReply(packet)) return -Drop.icmpReplyUnsolicited;
    return this.stages(packet);
  }

  /** Whether where the packet came from may use its source address. */
  source(packet: Packet): number {
    return targetKind(packet.arrival) === TargetKind.peer
      ? innerSource(this.tables, packet)
      : antispoof(this.tables, packet);
  }

  /** The end that may use the packet's source address; `UNKNOWN_END` while nobody has it. */
  sender(packet: Packet): number {
    const { source0, source1, source2, source3 } = packet;
    const owner = this.tables.route(source0, source1, source2, source3);
    const kind = targetKind(owner);
    // The host forwards for who is outside.
    if (kind === TargetKind.outside) return HOST_TARGET;
    return kind === TargetKind.pod || kind === TargetKind.host || kind === TargetKind.peer
      ? owner
      : UNKNOWN_END;
  }

  /** The stages after the source check: the end that the packet goes to, or `-Drop`. Fills `outgoing`. */
  stages(packet: Packet): number {
    this.serviceVerdict = this.service.choose(packet, this.outgoing);
    if (this.serviceVerdict < 0) return this.serviceVerdict;
    const to = this.#onward(packet);
    if (to < 0 || this.serviceVerdict === ServiceVerdict.untranslated) return to;
    return this.#needsMasquerade(packet, to) && !this.#masquerade() ? -Drop.hostLoop : to;
  }

  /**
   * The same for a flow that is known, by what leaves of it (`outgoing`), with `verdict` of the Service stage. Afterwards
   * `serviceVerdict` may be `over`.
   */
  review(packet: Packet, verdict: number): number {
    this.serviceVerdict = this.service.review(packet, this.outgoing, verdict);
    return this.serviceVerdict === ServiceVerdict.over ? Drop.none : this.#onward(packet);
  }

  #onward(packet: Packet): number {
    this.egressVerdict = egressPolicy(packet.arrival);
    if (this.egressVerdict < 0) return this.egressVerdict;
    const isTranslated = hasBackend(this.serviceVerdict);
    const to = route(this.tables, this.outgoing, packet.arrival, isTranslated);
    if (to < 0) return to;
    this.ingressVerdict = ingressPolicy(to);
    return this.ingressVerdict < 0 ? this.ingressVerdict : to;
  }

  /**
   * A pod that is its own backend would answer itself, and so would the host answer itself or have its answer from the
   * outside without us. Whom the host forwards for is known to this node only, unless the backend is here, too: then the
   * answer comes back without that, and the client's address may be kept. A peer's pods are known to all, and have their
   * answer from elsewhere if we let them.
   */
  #needsMasquerade(packet: Packet, to: number): boolean {
    if (to === packet.arrival) return true;
    const isToPod = targetKind(to) === TargetKind.pod;
    if (targetKind(packet.arrival) === TargetKind.peer)
      return !isToPod && !(to === HOST_TARGET && this.#isToHost());
    if (this.#isBetweenNodes(packet, to)) return true;
    return this.service.isFromOutside(packet) && !(isToPod && this.service.table.keepsSource);
  }

  /** From an underlay address of this node to one of a peer's: nodes answer each other past us. */
  #isBetweenNodes({ arrival, source0, source1, source2, source3 }: Packet, to: number): boolean {
    if (arrival !== HOST_TARGET || targetKind(to) !== TargetKind.peer) return false;
    const { destination0, destination1, destination2, destination3 } = this.outgoing;
    return (
      this.tables.prefix(source0, source1, source2, source3) === TargetKind.outside &&
      this.tables.prefix(destination0, destination1, destination2, destination3) === TargetKind.outside
    );
  }

  #isToHost(): boolean {
    const { destination0, destination1, destination2, destination3 } = this.outgoing;
    return this.tables.address(destination0, destination1, destination2, destination3) === HOST_TARGET;
  }

  /** False when this node has no such address of the family. */
  #masquerade(): boolean {
    const { tables, outgoing } = this;
    if (outgoing.version === 4) {
      outgoing.source3 = tables.masqueradeIpv4;
      return tables.hasMasqueradeIpv4;
    }
    outgoing.source0 = tables.masqueradeIpv6[0];
    outgoing.source1 = tables.masqueradeIpv6[1];
    outgoing.source2 = tables.masqueradeIpv6[2];
    outgoing.source3 = tables.masqueradeIpv6[3];
    return tables.hasMasqueradeIpv6;
  }
}
