/**
 * VXLAN headers (RFC 7348 §5), with the two extensions that Linux knows: group policy
 * (draft-smith-vxlan-group-policy) and remote checksum offload (draft-herbert-vxlan-rco).
 *
 *    0                            4
 *   | flags · · · · · group id    | vni (24 bits)                 · csum start / 2 (7), UDP (1) |
 *     G       I  O                                                  only under the flag O
 *
 * Remote checksum offload says: the checksum of the inner packet is a partial. Whoever needs it whole sums
 * from `remoteChecksumStart` (counted from the end of the VXLAN header) to the packet's end and stores the
 * complement in the field that lies 16 (TCP) or 6 (UDP) bytes further on.
 */
import { Fit } from "./fit.ts";
import { CHECKSUM_OFFSET as TCP_CHECKSUM } from "./tcp.ts";
import { CHECKSUM_OFFSET as UDP_CHECKSUM } from "./udp.ts";

export const HEADER_BYTES = 8;
export const IANA_PORT = 4789;
/** What Linux and flannel take when no port is given. */
export const LINUX_PORT = 8472;

/** Flags of the first word. */
export const FLAG_VNI = 0x08000000;
export const FLAG_REMOTE_CHECKSUM = 0x00200000;
export const FLAG_GROUP_POLICY = 0x80000000;
/** Group policy: do not learn; policy already applied. Both only together with `FLAG_GROUP_POLICY`. */
export const GROUP_DONT_LEARN = 0x00400000;
export const GROUP_POLICY_APPLIED = 0x00080000;
export const GROUP_ID_MASK = 0x0000ffff;

/** The largest `start` that seven bits of two-byte units can name. */
export const MAX_REMOTE_CHECKSUM_START = 254;

const VNI_WORD = 4;
const REMOTE_START = 0x7f;
const REMOTE_UDP = 0x80;

/**
 * Bounds and the flags. `extensions`: the flags besides `FLAG_VNI` that may be set. Reserved bits that
 * are set anyway are refused, as Linux does: an extension that is not understood changes what follows.
 */
export function fits(view: DataView, at: number, end: number, extensions: number): Fit {
  if (end - at < HEADER_BYTES) return Fit.TooShort;
  const first = view.getUint32(at);
  if ((first & FLAG_VNI) === 0) return Fit.BadFlags;
  const groupBits = extensions & FLAG_GROUP_POLICY && first & FLAG_GROUP_POLICY ? GROUP_BITS : 0;
  if ((first & ~(FLAG_VNI | extensions | groupBits)) !== 0) return Fit.BadFlags;
  const hasRemoteChecksum = (first & FLAG_REMOTE_CHECKSUM) !== 0;
  return !hasRemoteChecksum && view.getUint8(at + VNI_WORD + 3) !== 0 ? Fit.BadFlags : Fit.Ok;
}

const GROUP_BITS = GROUP_DONT_LEARN | GROUP_POLICY_APPLIED | GROUP_ID_MASK;

export function flags(view: DataView, at: number): number {
  return view.getUint32(at);
}

export function vni(view: DataView, at: number): number {
  return view.getUint32(at + VNI_WORD) >>> 8;
}

/** Writes a whole header without extensions. */
export function write(view: DataView, at: number, vni: number): void {
  view.setUint32(at, FLAG_VNI);
  view.setUint32(at + VNI_WORD, vni << 8);
}

export function groupId(view: DataView, at: number): number {
  return view.getUint16(at + 2);
}

export function hasRemoteChecksum(view: DataView, at: number): boolean {
  return (view.getUint32(at) & FLAG_REMOTE_CHECKSUM) !== 0;
}

/** Whether `setRemoteChecksum` can say this: Linux takes even starts up to 254, and TCP's and UDP's offsets. */
export function remoteChecksumFits(start: number, offset: number): boolean {
  return (
    start <= MAX_REMOTE_CHECKSUM_START &&
    (start & 1) === 0 &&
    (offset === TCP_CHECKSUM || offset === UDP_CHECKSUM)
  );
}

/** `start`: from the end of the VXLAN header to where the sum begins; `offset`: from there to the field. */
export function setRemoteChecksum(view: DataView, at: number, start: number, offset: number): void {
  view.setUint32(at, view.getUint32(at) | FLAG_REMOTE_CHECKSUM);
  view.setUint8(at + VNI_WORD + 3, (start >> 1) | (offset === UDP_CHECKSUM ? REMOTE_UDP : 0));
}

export function remoteChecksumStart(view: DataView, at: number): number {
  return (view.getUint8(at + VNI_WORD + 3) & REMOTE_START) << 1;
}

export function remoteChecksumOffset(view: DataView, at: number): number {
  return view.getUint8(at + VNI_WORD + 3) & REMOTE_UDP ? UDP_CHECKSUM : TCP_CHECKSUM;
}
