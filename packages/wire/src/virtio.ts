/**
 * The virtio-net header that stands before a packet on a TUN device opened with IFF_VNET_HDR
 * (virtio 1.2 §5.1.6; ten bytes without `num_buffers`; little endian by TUNSETVNETLE, the default on x64 and arm64).
 *
 *    0       1          2          4          6            8             10
 *   | flags | gso type | hdr_len  | gso_size | csum_start | csum_offset | IP packet
 *
 * The fields come from outside and may lie: `hdr_len` is a hint that nobody should use, and everything else
 * is checked against the packet by whoever acts on it.
 */

export const HEADER_BYTES = 10;

/** The sum from `csum_start` on is yet to be taken; the field at `csum_start + csum_offset` holds the partial. */
export const FLAG_NEEDS_CSUM = 1;
/** The checksum was verified; the receiver need not look. */
export const FLAG_DATA_VALID = 2;

export const Gso = {
  None: 0,
  Tcpv4: 1,
  /** UDP fragmentation offload: IP fragments, long gone from Linux. */
  UdpFragments: 3,
  Tcpv6: 4,
  /** UDP segmentation offload: datagrams of `gso_size` bytes (Linux 6.2). */
  UdpL4: 5,
} as const;

/** May be or-ed to `Tcpv4` and `Tcpv6`: the CWR bit is for the first segment only. */
export const GSO_ECN = 0x80;

const FLAGS = 0;
const GSO_TYPE = 1;
const HDR_LEN = 2;
const GSO_SIZE = 4;
const CSUM_START = 6;
const CSUM_OFFSET = 8;

export function flags(view: DataView, at: number): number {
  return view.getUint8(at + FLAGS);
}

export function needsChecksum(view: DataView, at: number): boolean {
  return (view.getUint8(at + FLAGS) & FLAG_NEEDS_CSUM) !== 0;
}

/** With `GSO_ECN` masked out. */
export function gsoType(view: DataView, at: number): number {
  return view.getUint8(at + GSO_TYPE) & ~GSO_ECN;
}

export function hasEcn(view: DataView, at: number): boolean {
  return (view.getUint8(at + GSO_TYPE) & GSO_ECN) !== 0;
}

export function headerLengthHint(view: DataView, at: number): number {
  return view.getUint16(at + HDR_LEN, true);
}

/** Payload bytes of each segment but the last. */
export function gsoSize(view: DataView, at: number): number {
  return view.getUint16(at + GSO_SIZE, true);
}

export function setGsoSize(view: DataView, at: number, bytes: number): void {
  view.setUint16(at + GSO_SIZE, bytes, true);
}

/** From the start of the IP packet, not of this header. */
export function checksumStart(view: DataView, at: number): number {
  return view.getUint16(at + CSUM_START, true);
}

/** From `checksumStart` to the checksum field. */
export function checksumOffset(view: DataView, at: number): number {
  return view.getUint16(at + CSUM_OFFSET, true);
}

/** Writes a whole header. */
export function write(
  view: DataView,
  at: number,
  flags: number,
  gsoType: number,
  headerLength: number,
  gsoSize: number,
  checksumStart: number,
  checksumOffset: number,
): void {
  view.setUint8(at + FLAGS, flags);
  view.setUint8(at + GSO_TYPE, gsoType);
  view.setUint16(at + HDR_LEN, headerLength, true);
  view.setUint16(at + GSO_SIZE, gsoSize, true);
  view.setUint16(at + CSUM_START, checksumStart, true);
  view.setUint16(at + CSUM_OFFSET, checksumOffset, true);
}

/** A header that asks for nothing: one whole packet with a complete checksum. */
export function clear(view: DataView, at: number): void {
  view.setUint32(at, 0);
  view.setUint32(at + 4, 0);
  view.setUint16(at + 8, 0);
}
