/** Where the peers are: their socket addresses in native memory, by the index that the tables give them. */

import { LIMITS } from "./limits.ts";
import { nativeMemory } from "./memory.ts";
import { NAME_SLOT_BYTES } from "./message-header.ts";
import { writeSocketAddress } from "./socket-address.ts";
import { knownPathMtu, type UnderlayFamily } from "./underlay-socket.ts";

const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;

export class UnderlayPeers {
  /** Bytes of every address here: all are of the sockets' family. */
  readonly nameBytes: number;
  readonly #family: UnderlayFamily;
  readonly #namespace: number | undefined;
  readonly #names = nativeMemory(LIMITS.peers * NAME_SLOT_BYTES);
  readonly #isIPv4 = new Uint8Array(LIMITS.peers);
  readonly #addresses = new Map<number, string>();

  constructor(family: UnderlayFamily, namespace: number | undefined) {
    this.#family = family;
    this.#namespace = namespace;
    this.nameBytes = family === 6 ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES;
  }

  set(peer: number, address: string, udpPort: number): void {
    if (!Number.isInteger(peer) || peer < 0 || peer >= LIMITS.peers) {
      throw new RangeError(
        `peer ${peer} (${address}): must be 0 to ${LIMITS.peers - 1}; a lab has at most that many nodes`,
      );
    }
    const isIPv6 = address.includes(":");
    if (isIPv6 && this.#family === 4) {
      throw new TypeError(
        `peer ${peer}: address ${address}: this kernel has no IPv6; give the node an IPv4 address`,
      );
    }
    writeSocketAddress(this.#names.u8, peer * NAME_SLOT_BYTES, address, udpPort, this.#family === 6);
    this.#isIPv4[peer] = isIPv6 ? 0 : 1;
    this.#addresses.set(peer, address);
  }

  nameAddress(peer: number): number {
    return this.#names.address + peer * NAME_SLOT_BYTES;
  }

  isIPv4(peer: number): boolean {
    return this.#isIPv4[peer] === 1;
  }

  /** What the kernel knows of the path now; 0: unknown. */
  pathMtu(peer: number): number {
    const address = this.#addresses.get(peer);
    if (address === undefined) return 0;
    return knownPathMtu(this.isIPv4(peer) ? 4 : 6, address, this.#namespace);
  }
}
