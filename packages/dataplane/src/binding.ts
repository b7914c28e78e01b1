/**
 * The binding check: what comes over the overlay is what its sender may say. Unauthenticated VXLAN accepts
 * frames from anybody who can reach the port (CVE-2020-8558 and its kin); this refuses whoever is no node, and
 * lets a node speak only for itself and its own pods.
 *
 *   1. the outer source is an address of a known node      outerPeer, once a message
 *   2. the inner source is that node's, or one of its pods' innerSource, for the first packet of a flow
 *   3. the inner destination is here                        route.ts
 */
import { Drop, type Tables, TargetKind, targetKind } from "@podwire/tables";
import type { Packet } from "./packet.ts";

/** The peer's target for the 16 bytes of an outer source address; `outside` when it is no node's. */
export function outerPeer(tables: Tables, view: DataView, sourceAt: number): number {
  const owner = tables.address(
    view.getInt32(sourceAt),
    view.getInt32(sourceAt + 4),
    view.getInt32(sourceAt + 8),
    view.getInt32(sourceAt + 12),
  );
  return targetKind(owner) === TargetKind.peer ? owner : TargetKind.outside;
}

/** For packets that came from a peer. */
export function innerSource(tables: Tables, packet: Packet): number {
  const { source0, source1, source2, source3 } = packet;
  const owner = tables.route(source0, source1, source2, source3);
  return owner === packet.arrival ? Drop.none : Drop.innerSourceNotPeers;
}
