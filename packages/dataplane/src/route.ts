/**
 * The route of a flow's packets: where their destination lives, or why there is no way.
 *
 *   from      | to a pod here | to this host | to a peer    | vacant    | unassigned | outside
 *   ----------+---------------+--------------+--------------+-----------+------------+----------
 *   a pod     | its port      | pw0          | its VXLAN    | noSuchPod | noRoute    | pw0
 *   the host  | its port      | hostLoop     | its VXLAN    | noSuchPod | noRoute    | hostLoop
 *   a peer    | its port      | pw0          | innerDestinationElsewhere for all but vacant: noSuchPod
 */
import { Drop, HOST_TARGET, type Tables, TargetKind, targetKind } from "@podwire/tables";
import type { Packet } from "./packet.ts";

/** The target of the packet's destination, or `-Drop`. */
export function route(tables: Tables, packet: Packet): number {
  const destination = tables.route(
    packet.destination0,
    packet.destination1,
    packet.destination2,
    packet.destination3,
  );
  const kind = targetKind(destination);
  if (kind === TargetKind.pod) return destination;
  if (kind === TargetKind.vacant) return -Drop.noSuchPod;
  const from = targetKind(packet.arrival);
  if (from === TargetKind.peer)
    return kind === TargetKind.host ? HOST_TARGET : -Drop.innerDestinationElsewhere;
  if (kind === TargetKind.unassigned) return -Drop.noRoute;
  if (kind === TargetKind.peer) return destination;
  return from === TargetKind.host ? -Drop.hostLoop : HOST_TARGET;
}
