/**
 * The other nodes, each under a small index that it keeps for as long as it is known: tables and counters are
 * arrays over that index.
 */
import type { PeerNode } from "@podwire/compiler";
import type { Peer } from "@podwire/protocol";
import { lowestFree } from "./ports.ts";

/** A peer as the compiler wants it, and the port that its VXLAN listens on. */
export type KnownPeer = PeerNode & { readonly udpPort: number };

export class Peers {
  readonly #self: string;
  readonly #byName = new Map<string, KnownPeer>();
  /** Of this node; empty: in none. */
  zone = "";

  constructor(self: string) {
    this.#self = self;
  }

  set(peer: Peer): void {
    if (peer.name === this.#self) {
      this.zone = peer.zone;
      return;
    }
    const used = new Set([...this.#byName.values()].map(known => known.index));
    this.#byName.set(peer.name, {
      index: this.#byName.get(peer.name)?.index ?? lowestFree(used, 0),
      name: peer.name,
      addresses: peer.addresses,
      podCIDRs: peer.podCidrs,
      mac: peer.vtep.mac,
      udpPort: peer.vtep.udpPort,
      underlayMtu: peer.vtep.underlayMtu,
      remoteChecksumOffload: peer.vtep.remoteChecksumOffload,
    });
  }

  delete(name: string): void {
    this.#byName.delete(name);
  }

  list(): KnownPeer[] {
    return [...this.#byName.values()];
  }
}
