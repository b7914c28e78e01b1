/**
 * The Internet checksum: RFC 1071 sums, RFC 1624 updates, the pseudo-headers of RFC 9293 and RFC 8200 §8.1.
 *
 * A *sum* is a plain number, the total of big-endian 16-bit words, not yet folded; sums of parts that begin
 * at even distances may be added with `+`. A *checksum* is what stands in a header: the complement of the
 * folded sum. A *partial* is the folded sum of the pseudo-header alone, which is what stands in the checksum
 * field of a packet whose checksum is yet to be completed (virtio `NEEDS_CSUM`, VXLAN remote checksum offload).
 */
import { Protocol } from "./protocol.ts";

/** Adds the words of [at, end) to `initial`; an odd last byte counts as the high half of a word. */
export function sum(view: DataView, at: number, end: number, initial: number): number {
  let total = initial;
  const even = at + ((end - at) & ~1);
  for (let i = at; i < even; i += 2) total += view.getUint16(i);
  return even < end ? total + (view.getUint8(even) << 8) : total;
}

/** Folds a sum below 2^53 to 16 bits: 0 only when every word was 0. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffffffff) folded = (folded >>> 0) + Math.floor(folded / 0x100000000);
  folded = (folded & 0xffff) + (folded >>> 16);
  return (folded & 0xffff) + (folded >>> 16);
}

/** The checksum that belongs to a sum. */
export function finish(sum: number): number {
  return ~fold(sum) & 0xffff;
}

/** The checksum of a sum for UDP, where 0 means "none" and is sent as 0xffff (RFC 768). */
export function finishUdp(sum: number): number {
  const checksum = finish(sum);
  return checksum === 0 ? 0xffff : checksum;
}

/** The sum of an IPv4 pseudo-header; `length` is transport header plus payload. */
export function pseudoIpv4(view: DataView, ipAt: number, protocol: number, length: number): number {
  return (
    view.getUint16(ipAt + 12) +
    view.getUint16(ipAt + 14) +
    view.getUint16(ipAt + 16) +
    view.getUint16(ipAt + 18) +
    protocol +
    length
  );
}

/** The sum of an IPv6 pseudo-header; `length` is transport header plus payload. */
export function pseudoIpv6(view: DataView, ipAt: number, protocol: number, length: number): number {
  let total = protocol + (length >>> 16) + (length & 0xffff);
  for (let i = ipAt + 8; i < ipAt + 40; i += 2) total += view.getUint16(i);
  return total;
}

/** The checksum after a 16-bit word that it covers has changed (RFC 1624 equation 3). */
export function update16(checksum: number, before: number, after: number): number {
  const total = (~checksum & 0xffff) + (~before & 0xffff) + after;
  const folded = (total & 0xffff) + (total >>> 16);
  return ~((folded & 0xffff) + (folded >>> 16)) & 0xffff;
}

/** The checksum after an aligned 32-bit word that it covers has changed. */
export function update32(checksum: number, before: number, after: number): number {
  return update16(update16(checksum, before >>> 16, after >>> 16), before & 0xffff, after & 0xffff);
}

/** The partial after a 16-bit word of the pseudo-header (an address, the length) has changed. */
export function updatePartial16(partial: number, before: number, after: number): number {
  const total = partial + (~before & 0xffff) + after;
  const folded = (total & 0xffff) + (total >>> 16);
  return (folded & 0xffff) + (folded >>> 16);
}

/** The partial after an aligned 32-bit word of the pseudo-header has changed. */
export function updatePartial32(partial: number, before: number, after: number): number {
  return updatePartial16(
    updatePartial16(partial, before >>> 16, after >>> 16),
    before & 0xffff,
    after & 0xffff,
  );
}

/** What a changed 32-bit word adds to a sum: to be added up over all that changed, then given to `updateBy`. */
export function difference32(before: number, after: number): number {
  return (~before & 0xffff) + (~before >>> 16) + (after & 0xffff) + (after >>> 16);
}

/** The checksum after words that it covers have changed by so much in all. */
export function updateBy(checksum: number, difference: number): number {
  return ~fold((~checksum & 0xffff) + difference) & 0xffff;
}

/** The partial after words of the pseudo-header have changed by so much in all. */
export function updatePartialBy(partial: number, difference: number): number {
  return fold(partial + difference);
}

/** Whether the sum of pseudo-header, header and payload, checksum field included, says "undamaged". */
export function isValid(sum: number): boolean {
  return fold(sum) === 0xffff;
}

/** ICMP alone of the transports has no pseudo-header over IPv4. */
export function pseudoFor(view: DataView, ipAt: number, protocol: number, length: number): number {
  if (view.getUint8(ipAt) >> 4 === 6) return pseudoIpv6(view, ipAt, protocol, length);
  return protocol === Protocol.Icmp ? 0 : pseudoIpv4(view, ipAt, protocol, length);
}
