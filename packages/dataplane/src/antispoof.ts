/**
 * Anti-spoofing: a packet read from a TUN device has a source that its sender may use. A pod may use its own
 * addresses. The host may use its own, and those of the outside that it forwards for, but none inside the
 * cluster: those are pods', which send for themselves.
 *
 * Looked at for the first packet of a flow; connection tracking then compares where packets come from.
 */
import { Drop, HOST_TARGET, type Tables, TargetKind, targetKind } from "@podwire/tables";
import type { Packet } from "./packet.ts";

/** For packets that came from a port. */
export function antispoof(tables: Tables, packet: Packet): number {
  const { source0, source1, source2, source3 } = packet;
  const owner = tables.address(source0, source1, source2, source3);
  if (packet.arrival !== HOST_TARGET) return owner === packet.arrival ? Drop.none : Drop.sourceNotPods;
  if (owner === HOST_TARGET) return Drop.none;
  if (targetKind(owner) === TargetKind.pod) return Drop.sourceNotHosts;
  const prefix = tables.prefix(source0, source1, source2, source3);
  return prefix === TargetKind.outside ? Drop.none : Drop.sourceNotHosts;
}
