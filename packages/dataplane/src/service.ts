/**
 * The Service stage: the first packet of a flow to a Service gets a backend. Egress policy and route then see the
 * backend, the flow's reply tuple has it as its source, and every packet of the flow is translated (translate.ts).
 *
 *   a Service's port        the backend that the client is bound to (affinity.ts), or one of its accepting backends, by
 *                           hash: uniformly, and the same one again for the same flow, so that a flow which is picked up
 *                           in its middle after a restart keeps its backend
 *   an address of this      a node port or host port, also for what comes from a peer: whoever sends to a node is served
 *   node                    there. Its other ports are the node's own
 *   without backends        refused, as is a port that the Service does not have; dropped in silence where the traffic
 *                           policy Local is why
 *   any other destination   goes on as it is
 *
 * Otherwise chosen on the client's node, for what its TUN devices send: what comes from a peer has been through there.
 *
 * After a publish a flow keeps its backend as long as the Service has it. A TCP or SCTP flow whose backend left goes on
 * all the same until it ends or starts anew; a UDP flow never ends by itself, so it is over then. A flow that began before
 * its destination was a Service's: over, if UDP; until it starts anew, if not.
 */
import { Drop, HOST_TARGET, ServiceTable, type Tables, TargetKind, targetKind } from "@podwire/tables";
import { Protocol } from "@podwire/wire";
import type { Affinities } from "./affinity.ts";
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
  /** It has none, and its destination has become a Service's. */
  superseded: 3,
  /** Never kept: the flow must end, for its destination means something else now. */
  over: 4,
} as const;

/** Whether a flow with this verdict has a backend. */
export function hasBackend(verdict: number): boolean {
  return verdict === ServiceVerdict.translated || verdict === ServiceVerdict.draining;
}

export class ServiceStage {
  /** Kept through publishes, which change its shards. */
  readonly table = new ServiceTable();
  readonly #affinities: Affinities;
  #tables: Tables;

  constructor(tables: Tables, affinities: Affinities) {
    this.#tables = tables;
    this.#affinities = affinities;
  }

  set tables(tables: Tables) {
    this.#tables = tables;
  }

  /**
   * Fills `outgoing` with the packet's tuple, with a backend for its destination when that is a Service's. Returns a
   * verdict, or `-Drop`.
   */
  choose(packet: Packet, outgoing: Packet): number {
    copyTuple(packet, outgoing);
    const { table } = this;
    if (!this.#find(packet)) return this.#withoutRow(packet);
    const { source0, source1, source2, source3 } = packet;
    if (!table.admits(source0, source1, source2, source3)) return -Drop.serviceSourceDenied;
    table.forClients(this.isFromOutside(packet));
    if (table.accepting === 0) {
      return table.isServedElsewhere ? -Drop.serviceWithoutLocalBackends : -Drop.serviceWithoutBackends;
    }
    const at = table.backendAt(this.#backendIndex(packet));
    const { words } = table;
    outgoing.destination0 = words[at]!;
    outgoing.destination1 = words[at + 1]!;
    outgoing.destination2 = words[at + 2]!;
    outgoing.destination3 = words[at + 3]!;
    outgoing.ports = (packet.ports & ~0xffff) | table.backendPort(at);
    return ServiceVerdict.translated;
  }

  /** What becomes of a flow that has `verdict`, leaves as `outgoing` and came as `packet`. */
  review(packet: Packet, outgoing: Packet, verdict: number): number {
    const { table } = this;
    const isUdp = packet.protocol === Protocol.Udp;
    const isService = this.#find(packet);
    if (!hasBackend(verdict)) {
      if (!isService) return ServiceVerdict.untranslated;
      return isUdp ? ServiceVerdict.over : ServiceVerdict.superseded;
    }
    const { destination0, destination1, destination2, destination3, ports } = outgoing;
    const port = ports & 0xffff;
    if (isService) {
      table.forClients(this.isFromOutside(packet));
      if (table.accepts(destination0, destination1, destination2, destination3, port) >= 0)
        return ServiceVerdict.translated;
      if (table.knows(destination0, destination1, destination2, destination3, port))
        return ServiceVerdict.draining;
    }
    return isUdp ? ServiceVerdict.over : ServiceVerdict.draining;
  }

  /** Whether who sent the packet is neither a pod nor a process of this node: the host forwards it. */
  isFromOutside(packet: Packet): boolean {
    if (packet.arrival !== HOST_TARGET) return false;
    const { source0, source1, source2, source3 } = packet;
    return this.#tables.address(source0, source1, source2, source3) !== HOST_TARGET;
  }

  /** Leaves the row of the packet's destination in the table. */
  #find(packet: Packet): boolean {
    const { protocol, destination0, destination1, destination2, destination3, version } = packet;
    if (protocol !== Protocol.Tcp && protocol !== Protocol.Udp && protocol !== Protocol.Sctp) return false;
    const { table } = this;
    const port = packet.ports & 0xffff;
    const isFromPeer = targetKind(packet.arrival) === TargetKind.peer;
    if (isFromPeer && !this.#isHere(packet)) return false;
    if (table.find(destination0, destination1, destination2, destination3, protocol, port)) return true;
    if (!isFromPeer && !this.#isHere(packet)) return false;
    return table.find(0, 0, version === 4 ? 0xffff : 0, 0, protocol, port);
  }

  #isHere(packet: Packet): boolean {
    const { destination0, destination1, destination2, destination3 } = packet;
    return this.#tables.address(destination0, destination1, destination2, destination3) === HOST_TARGET;
  }

  /** An address of a node is no Service's own, whatever Services say. */
  #withoutRow(packet: Packet): number {
    const { destination0, destination1, destination2, destination3 } = packet;
    if (targetKind(packet.arrival) === TargetKind.peer) return ServiceVerdict.untranslated;
    if (!this.table.hasAddress(destination0, destination1, destination2, destination3))
      return ServiceVerdict.untranslated;
    const owner = this.#tables.address(destination0, destination1, destination2, destination3);
    return owner === TargetKind.outside ? -Drop.servicePortUnknown : ServiceVerdict.untranslated;
  }

  #backendIndex(packet: Packet): number {
    const { table } = this;
    const { affinityMs, owner } = table;
    if (affinityMs === 0) return table.accepting === 1 ? 0 : this.#hashedIndex(this.#flowHash(packet), true);
    const index = this.#boundIndex(packet, owner, affinityMs);
    this.#affinities.remember(packet, owner, table.words, table.backendAt(index));
    return index;
  }

  /** By the client's address alone, so that a client finds its backend again also when it has been forgotten. */
  #boundIndex(packet: Packet, owner: number, affinityMs: number): number {
    const affinities = this.#affinities;
    if (affinities.find(packet, owner, affinityMs)) {
      const { rows, backendAt: at } = affinities;
      const bound = this.table.acceptsAddress(rows[at]!, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!);
      if (bound >= 0) return bound;
    }
    const { source0, source1, source2, source3 } = packet;
    const { macHigh, macLow } = this.#tables;
    return this.#hashedIndex(halfSipHash(macHigh, macLow, source0, source1, source2, source3), false);
  }

  /**
   * Rendezvous hashing: the backend with the highest hash of flow and backend. So a backend that comes or goes moves
   * only the flows that are or become its own, also when they are picked up in their middle.
   */
  #hashedIndex(flow: number, hasPort: boolean): number {
    const { table } = this;
    const { words, accepting } = table;
    const { macLow } = this.#tables;
    let best = 0;
    let bestScore = -1;
    for (let index = 0; index < accepting; index++) {
      const at = table.backendAt(index);
      const address = words[at]! ^ words[at + 1]! ^ words[at + 2]!;
      const port = hasPort ? words[at + 4]! : 0;
      const score = halfSipHash(flow, macLow, address, words[at + 3]!, port, 0) >>> 0;
      if (score > bestScore) {
        best = index;
        bestScore = score;
      }
    }
    return best;
  }

  /** Keyed by the node's MAC, which outlives its daemon: whom a flow goes to is no secret. */
  #flowHash(packet: Packet): number {
    const { source0, source1, source2, source3, destination0, destination1, destination2, destination3 } =
      packet;
    const { macHigh, macLow } = this.#tables;
    const source = halfSipHash(macHigh, macLow, source0, source1, source2, source3);
    const both = halfSipHash(source, macLow, destination0, destination1, destination2, destination3);
    return halfSipHash(both, macLow, packet.ports, packet.protocol, source, both);
  }
}
