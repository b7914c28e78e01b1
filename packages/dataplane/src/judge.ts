/**
 * What happens to the first packet of a flow, and to the next packet of a flow after every publish: the stages
 * that connection tracking lets the other packets skip, in their order.
 *
 *   uncarried? -> source (anti-spoofing or binding) -> Service -> egress policy -> route -> ingress policy
 *
 * Egress policy comes after the Service because a policy names pods, never a Service's address; the route
 * after egress policy because the two are independent and a policy's refusal is the more telling reason.
 */
import { Drop, type Tables, TargetKind, targetKind } from "@podwire/tables";
import { antispoof } from "./antispoof.ts";
import { innerSource } from "./binding.ts";
import { type Packet, PacketKind } from "./packet.ts";
import { isIcmpReply } from "./parse.ts";
import { egressPolicy, ingressPolicy } from "./policy.ts";
import { route } from "./route.ts";
import { chooseBackend } from "./service.ts";
import { uncarried } from "./uncarried.ts";

export class Judge {
  tables: Tables;
  /** What the stages said in the last `judge` that found a way. */
  serviceVerdict = 0;
  egressVerdict = 0;
  ingressVerdict = 0;

  constructor(tables: Tables) {
    this.tables = tables;
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

  /** The stages after the source check: the end that the packet goes to, or `-Drop`. */
  stages(packet: Packet): number {
    this.serviceVerdict = chooseBackend(packet);
    this.egressVerdict = egressPolicy(packet.arrival);
    if (this.egressVerdict < 0) return this.egressVerdict;
    const to = route(this.tables, packet);
    if (to < 0) return to;
    this.ingressVerdict = ingressPolicy(to);
    return this.ingressVerdict < 0 ? this.ingressVerdict : to;
  }
}
