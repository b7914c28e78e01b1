/**
 * How large an inner packet may be on its way to a peer: the least of this node's underlay MTU, the peer's, and
 * what the kernel reported for the path (EMSGSIZE), less the encapsulation.
 *
 * A reported MTU holds for ten minutes (RFC 1191 §6.3); then the next packet that is too large finds out again.
 */
import { PeerFlag, peerFlags, peerUnderlayMtu, type Tables, limits as tableLimits } from "@podwire/tables";
import type { Clock } from "./clock.ts";
import { limits } from "./limits.ts";

/** IPv4 20 or IPv6 40, UDP 8, VXLAN 8, Ethernet 14. */
const OVERHEAD_IPV4 = 50;
const OVERHEAD_IPV6 = 70;
/** Below what any path has (RFC 791): a report of less is a mistake or an attack. */
const LEAST_PATH_MTU = 576;

export class PathMtu {
  readonly #clock: Clock;
  readonly #learned = new Int32Array(tableLimits.peers);
  readonly #learnedAt = new Int32Array(tableLimits.peers);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The kernel knows the path to the peer to take `mtu` bytes, outer IP header included. */
  learn(peer: number, mtu: number): void {
    this.#learned[peer] = Math.max(mtu, LEAST_PATH_MTU);
    this.#learnedAt[peer] = this.#clock.ms;
  }

  /** Forgets what was learned: the index may name another node now. */
  forget(peer: number): void {
    this.#learned[peer] = 0;
  }

  /** Bytes of the largest inner IP packet; `row` is the peer's in the tables. */
  inner(tables: Tables, peer: number, row: number): number {
    let mtu = Math.min(tables.underlayMtu, peerUnderlayMtu(tables.words, row));
    const learned = this.#learned[peer]!;
    if (learned !== 0) {
      const age = (this.#clock.ms - this.#learnedAt[peer]!) | 0;
      if (age > limits.pathMtuLifetimeMs) this.#learned[peer] = 0;
      else if (learned < mtu) mtu = learned;
    }
    return mtu - (peerFlags(tables.words, row) & PeerFlag.outerIpv6 ? OVERHEAD_IPV6 : OVERHEAD_IPV4);
  }
}
