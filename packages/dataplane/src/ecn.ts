/**
 * Explicit congestion notification through the tunnel (RFC 6040, normal mode).
 *
 * Into it: the inner field is copied to the outer header. The outer TOS belongs to a whole message (a control
 * message of sendmsg), so datagrams of different ECN never share one. The DSCP is not copied, as with Linux's
 * VXLAN device by default: a pod's DSCP says nothing about the underlay.
 *
 * Out of it, §4.2:      outer →   Not-ECT    ECT(0)     ECT(1)     CE
 *   inner Not-ECT                 Not-ECT    Not-ECT    Not-ECT    drop
 *   inner ECT(0)                  ECT(0)     ECT(0)     ECT(1)     CE
 *   inner ECT(1)                  ECT(1)     ECT(1)     ECT(1)     CE
 *   inner CE                      CE         CE         CE         CE
 */
import { Drop } from "@podwire/tables";
import { checksum, ipv4, ipv6 } from "@podwire/wire";

const MASK = 3;
const NOT_ECT = 0;
const ECT1 = 1;
const ECT0 = 2;
const CE = 3;

/** The outer TOS for the inner IP packet at `at`. */
export function outerTos(view: DataView, at: number, version: number): number {
  return (version === 4 ? ipv4.tos(view, at) : ipv6.trafficClass(view, at)) & MASK;
}

/** Carries the outer mark over to the inner packet; `Drop.ecnCongestion` where that cannot be. */
export function decapsulateEcn(view: DataView, at: number, version: number, tos: number): number {
  const outer = tos & MASK;
  if (outer === NOT_ECT) return Drop.none;
  const innerTos = version === 4 ? ipv4.tos(view, at) : ipv6.trafficClass(view, at);
  const inner = innerTos & MASK;
  if (inner === NOT_ECT) return outer === CE ? Drop.ecnCongestion : Drop.none;
  let marked = inner;
  if (outer === CE) marked = CE;
  else if (outer === ECT1 && inner === ECT0) marked = ECT1;
  if (marked === inner) return Drop.none;
  const tosAfter = (innerTos & ~MASK) | marked;
  if (version === 6) {
    ipv6.setTrafficClass(view, at, tosAfter);
    return Drop.none;
  }
  const before = view.getUint16(at);
  ipv4.setTos(view, at, tosAfter);
  ipv4.setChecksum(view, at, checksum.update16(ipv4.checksum(view, at), before, view.getUint16(at)));
  return Drop.none;
}
