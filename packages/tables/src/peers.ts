/**
 * One row a peer, found by the index that the node daemon gave the peer for as long as it knows it:
 *
 *        0       1            2           3
 *      +-------+------------+-----------+------------+
 *  row | flags | mac, upper | mac,      | underlay   |   flags 0: no such peer
 *      |       | 16 bits    | lower 32  | MTU, bytes |
 *      +-------+------------+-----------+------------+
 *
 * Where a peer is on the underlay belongs to `PacketIo.setPeer`; which outer sources are a peer's, to the
 * address table.
 */
export interface PeerRow {
  readonly index: number;
  /** Inner Ethernet address, six bytes. */
  readonly mac: Uint8Array;
  readonly underlayMtu: number;
  /** Understands VXLAN remote checksum offload. */
  readonly remoteChecksumOffload: boolean;
  /** Reached over IPv6: twenty bytes more of encapsulation. */
  readonly outerIpv6: boolean;
}

export const PeerFlag = { present: 1, remoteChecksumOffload: 2, outerIpv6: 4 } as const;

export const PEER_WORDS = 4;
const FLAGS = 0;
const MAC_HIGH = 1;
const MAC_LOW = 2;
const UNDERLAY_MTU = 3;

export function fillPeers(table: Int32Array, at: number, rows: readonly PeerRow[]): void {
  for (const row of rows) {
    const flags =
      PeerFlag.present |
      (row.remoteChecksumOffload ? PeerFlag.remoteChecksumOffload : 0) |
      (row.outerIpv6 ? PeerFlag.outerIpv6 : 0);
    const [high, low] = macWords(row.mac);
    table.set([flags, high, low, row.underlayMtu], at + row.index * PEER_WORDS);
  }
}

/** A MAC as its upper 16 and its lower 32 bits. */
export function macWords(mac: Uint8Array): [number, number] {
  const view = new DataView(mac.buffer, mac.byteOffset, 6);
  return [view.getUint16(0), view.getInt32(2)];
}

export function peerFlags(table: Int32Array, row: number): number {
  return table[row + FLAGS]!;
}

export function peerMacHigh(table: Int32Array, row: number): number {
  return table[row + MAC_HIGH]!;
}

export function peerMacLow(table: Int32Array, row: number): number {
  return table[row + MAC_LOW]!;
}

export function peerUnderlayMtu(table: Int32Array, row: number): number {
  return table[row + UNDERLAY_MTU]!;
}
