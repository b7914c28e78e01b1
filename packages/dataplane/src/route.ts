/**
 * The route of a flow's packets: where their destination lives, or why there is no way.
 *
 *   from      | to a pod here | to this host | to a peer    | vacant    | unassigned | outside
 *   ----------+---------------+--------------+--------------+-----------+------------+----------
 *   a pod     | its port      | pw0          | its VXLAN    | noSuchPod | noRoute    | pw0
 *   the host  | its port      | hostLoop     | its VXLAN    | noSuchPod | noRoute    | hostLoop
 *   a peer    | its port      | pw0          | innerDestinationElsewhere for all but vacant: noSuchPod
 *
 * A translated flow may go anywhere, also back to where it came from: it leaves with another source. What is in a service
 * CIDR and was not translated is serviceUnknown.
 */
import { Drop, HOST_TARGET, type Tables, TargetKind, targetKind } from "@podwire/tables";
import type { Packet } from "./packet.ts";

/** The target of the destination of what leaves, which came from `arrival`; or `-Drop`. */
export function route(tables: Tables, outgoing: Packet, arrival: number, isTranslated: boolean): number {
  const destination = tables.route(
    outgoing.destination0,
    outgoing.destination1,
    outgoing.destination2,
    outgoing.destination3,
  );
  const kind = targetKind(destination);
  if (kind === TargetKind.pod) return destination;
  if (kind === TargetKind.vacant) return -Drop.noSuchPod;
  const from = targetKind(arrival);
  if (from === TargetKind.peer && !isTranslated)
    return kind === TargetKind.host ? HOST_TARGET : -Drop.innerDestinationElsewhere;
  if (kind === TargetKind.unassigned) return -Drop.noRoute;
  if (kind === TargetKind.service) return -Drop.serviceUnknown;
  if (kind === TargetKind.peer) return destination;
  return from === TargetKind.host && !isTranslated ? -Drop.hostLoop : HOST_TARGET;
}
