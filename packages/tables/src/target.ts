/**
 * A target: where an address lives, as one small integer: the kind in the bits from 16 up, an index below.
 *
 *   31           16 15             0
 *  +---------------+---------------+
 *  | kind          | index         |     pod: its port, peer: its row, host: always port 0
 *  +---------------+---------------+
 *
 * The tables give one for every address, connection tracking stores one for each end of a flow, and flow
 * records print them.
 */
export const TargetKind = {
  /** Outside of the cluster, as far as the tables know: leaves through the host. */
  outside: 0,
  /** A pod of this node; the index is its port. */
  pod: 1,
  /** This node itself, through `pw0`. */
  host: 2,
  /** Behind another node; the index is its row. */
  peer: 3,
  /** Inside this node's pod CIDRs, but no pod has the address. */
  vacant: 4,
  /** Inside the cluster CIDRs, but no node has that part. */
  unassigned: 5,
  /** Inside a service CIDR: nobody's but by way of the table of Services. */
  service: 6,
} as const;

export type TargetKindName = keyof typeof TargetKind;
const names = Object.keys(TargetKind) as TargetKindName[];

/** The port of `pw0`, the node's own TUN device. */
export const HOST_PORT = 0;
export const HOST_TARGET = TargetKind.host << 16;

export function target(kind: number, index: number): number {
  return (kind << 16) | index;
}

export function targetKind(value: number): number {
  return value >>> 16;
}

export function targetIndex(value: number): number {
  return value & 0xffff;
}

export function targetKindName(value: number): TargetKindName {
  return names[targetKind(value)] ?? "outside";
}
