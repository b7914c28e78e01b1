/**
 * The Service stage: the first packet of a flow to a Service gets a backend. Egress policy and route then see the
 * backend, the flow's reply tuple has it as its source, and every packet of the flow is translated (translate.ts).
 *
 *   a Service's port        one of its accepting backends, by hash: uniformly, and the same one again for the same
 *                           flow, so that a flow which is picked up in its middle after a restart keeps its backend
 *   without backends        refused, as is a port that the Service does not have
 *   any other destination   goes on as it is
 *
 * Chosen on the client's node, for what its TUN devices send. What comes from a peer has been through there.
 *
 * After a publish a flow keeps its backend as long as the Service has it. A TCP or SCTP flow whose backend left goes on
 * all the same until it ends or starts anew; a UDP flow never ends by itself, so it is over then.
 */
import { Drop, type ServiceTable, type Tables, TargetKind, targetKind } from "@podwire/tables";
import { Protocol } from "@podwire/wire";
import { halfSipHash } from "./flow-hash.ts";
import { copyTuple, type Packet } from "./packet.ts";

/** What the stage said, kept in the flow. */
export const ServiceVerdict = {
  /** The destination is no Service's. */
  untranslated: 0,
  /** The flow has a backend. */
  translated: 1,
  /** It has one that takes no new flows: terminating, or gone. */
  draining: 2,
  /** Never kept: the flow must end, for its destination means something else now. */
  over: 3,
} as const;

/**
 * Fills `outgoing` with the packet's tuple, with a backend for its destination when that is a Service's. Returns a
 * verdict, or `-Drop`.
 */
export function chooseBackend(
  tables: Tables,
  services: ServiceTable,
  packet: Packet,
  outgoing: Packet,
): number {
  copyTuple(packet, outgoing);
  if (targetKind(packet.arrival) === TargetKind.peer) return ServiceVerdict.untranslated;
  if (!findService(services, packet)) {
    const { destination0, destination1, destination2, destination3 } = packet;
    const isService = services.hasAddress(destination0, destination1, destination2, destination3);
    return isService ? -Drop.servicePortUnknown : ServiceVerdict.untranslated;
  }
  const { accepting } = services;
  if (accepting === 0) return -Drop.serviceWithoutBackends;
  const backendAt = services.backendAt(accepting === 1 ? 0 : backendIndex(tables, services, packet));
  const { words } = services;
  outgoing.destination0 = words[backendAt]!;
  outgoing.destination1 = words[backendAt + 1]!;
  outgoing.destination2 = words[backendAt + 2]!;
  outgoing.destination3 = words[backendAt + 3]!;
  outgoing.ports = (packet.ports & ~0xffff) | services.backendPort(backendAt);
  return ServiceVerdict.translated;
}

/** What becomes of a flow that has `verdict`, leaves as `outgoing` and came as `packet`. */
export function reviewBackend(
  services: ServiceTable,
  packet: Packet,
  outgoing: Packet,
  verdict: number,
): number {
  const isUdp = packet.protocol === Protocol.Udp;
  if (verdict === ServiceVerdict.untranslated) {
    const isFromPeer = targetKind(packet.arrival) === TargetKind.peer;
    return isUdp && !isFromPeer && findService(services, packet) ? ServiceVerdict.over : verdict;
  }
  const { destination0, destination1, destination2, destination3, ports } = outgoing;
  const index = findService(services, packet)
    ? services.indexOf(destination0, destination1, destination2, destination3, ports & 0xffff)
    : -1;
  if (index >= 0 && index < services.accepting) return ServiceVerdict.translated;
  return index < 0 && isUdp ? ServiceVerdict.over : ServiceVerdict.draining;
}

function findService(services: ServiceTable, packet: Packet): boolean {
  const { protocol, destination0, destination1, destination2, destination3, ports } = packet;
  if (protocol !== Protocol.Tcp && protocol !== Protocol.Udp && protocol !== Protocol.Sctp) return false;
  return services.find(destination0, destination1, destination2, destination3, protocol, ports & 0xffff);
}

/**
 * Rendezvous hashing: the backend with the highest hash of flow and backend. So a backend that comes or goes moves
 * only the flows that are or become its own, also when they are picked up in their middle.
 */
function backendIndex(tables: Tables, services: ServiceTable, packet: Packet): number {
  const { words, accepting } = services;
  const flow = flowHash(tables, packet);
  let best = 0;
  let bestScore = -1;
  for (let index = 0; index < accepting; index++) {
    const at = services.backendAt(index);
    const address = words[at]! ^ words[at + 1]! ^ words[at + 2]!;
    const score = halfSipHash(flow, tables.macLow, address, words[at + 3]!, words[at + 4]!, 0) >>> 0;
    if (score > bestScore) {
      best = index;
      bestScore = score;
    }
  }
  return best;
}

/** Keyed by the node's MAC, which outlives its daemon: whom a flow goes to is no secret. */
function flowHash(tables: Tables, packet: Packet): number {
  const { source0, source1, source2, source3, destination0, destination1, destination2, destination3 } =
    packet;
  const source = halfSipHash(tables.macHigh, tables.macLow, source0, source1, source2, source3);
  const both = halfSipHash(source, tables.macLow, destination0, destination1, destination2, destination3);
  return halfSipHash(both, tables.macLow, packet.ports, packet.protocol, source, both);
}
