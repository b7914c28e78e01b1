/**
 * What the data plane knows, in one SharedArrayBuffer: the compiler's thread builds it, the data plane's thread
 * reads it, and publishing is handing over the buffer. Nobody writes to it after that.
 *
 *   word
 *     0   magic                          8   pw0's IPv6 address, four words
 *     1   revision of the snapshot      12   addresses: first word      13  slots − 1
 *     2   VNI                           14   routes: first word         15  slots − 1
 *     3   this node's underlay MTU      16   peers: first word          17  rows
 *     4   this node's MAC, upper 16     18   families of the masquerade addresses
 *     5   this node's MAC, lower 32     19   masquerade address, IPv4   20   and IPv6, four words
 *     6   families of pw0's addresses   24 … the three tables, as drawn in addresses.ts, routes.ts, peers.ts
 *         (1: IPv4, 2: IPv6)
 *     7   pw0's IPv4 address
 *
 * A stage that needs a table of its own adds a pair of words here and a file beside this one. The table of Services is
 * apart, in shards (services.ts), and published together with these.
 */
import type { Words } from "./address.ts";
import { type AddressRow, addressTableWords, fillAddresses, lookupAddress } from "./addresses.ts";
import { slotsFor } from "./hash.ts";
import { fillPeers, macWords, PEER_WORDS, type PeerRow, peerFlags } from "./peers.ts";
import { fillRoutes, lookupRoute, type RouteRow, routeTableWords } from "./routes.ts";
import { TargetKind } from "./target.ts";

const MAGIC = 0x50775431;
const HEADER_WORDS = 24;
const FAMILY = { ipv4: 1, ipv6: 2 } as const;

export interface TableContent {
  readonly revision: number;
  readonly vni: number;
  readonly underlayMtu: number;
  readonly mac: Uint8Array;
  /** The addresses of `pw0`, from which ICMP errors come; at most one a family. */
  readonly hostIpv4?: Words;
  readonly hostIpv6?: Words;
  /**
   * The source of flows whose answers must come back to this data plane, although their sender's address would lead
   * them elsewhere: in a pod CIDR of this node, and nobody's.
   */
  readonly masqueradeIpv4?: Words;
  readonly masqueradeIpv6?: Words;
  readonly addresses: readonly AddressRow[];
  readonly routes: readonly RouteRow[];
  readonly peers: readonly PeerRow[];
}

/** Lays the tables out in a fresh buffer. */
export function buildTables(content: TableContent): SharedArrayBuffer {
  const peerRows = Math.max(0, ...content.peers.map(peer => peer.index + 1));
  const addressesAt = HEADER_WORDS;
  const routesAt = addressesAt + addressTableWords(content.addresses.length);
  const peersAt = routesAt + routeTableWords(content.routes.length);
  const buffer = new SharedArrayBuffer(4 * (peersAt + peerRows * PEER_WORDS));
  const words = new Int32Array(buffer);
  const families = familiesOf(content.hostIpv4, content.hostIpv6);
  words.set([MAGIC, content.revision, content.vni, content.underlayMtu, ...macWords(content.mac), families]);
  words.set([content.hostIpv4?.[3] ?? 0, ...(content.hostIpv6 ?? [])], 7);
  words.set([addressesAt, slotsFor(content.addresses.length) - 1], 12);
  words.set([routesAt, slotsFor(content.routes.length) - 1], 14);
  words.set([peersAt, peerRows], 16);
  const { masqueradeIpv4, masqueradeIpv6 } = content;
  words.set([familiesOf(masqueradeIpv4, masqueradeIpv6), masqueradeIpv4?.[3] ?? 0], 18);
  words.set(masqueradeIpv6 ?? [], 20);
  fillAddresses(words, addressesAt, content.addresses);
  fillRoutes(words, routesAt, content.routes);
  fillPeers(words, peersAt, content.peers);
  return buffer;
}

function familiesOf(ipv4: Words | undefined, ipv6: Words | undefined): number {
  return (ipv4 ? FAMILY.ipv4 : 0) | (ipv6 ? FAMILY.ipv6 : 0);
}

/** A reader's view of the buffer: the header's numbers once, and the lookups. */
export class Tables {
  readonly words: Int32Array;
  readonly revision: number;
  readonly vni: number;
  readonly underlayMtu: number;
  readonly macHigh: number;
  readonly macLow: number;
  readonly hasHostIpv4: boolean;
  readonly hasHostIpv6: boolean;
  /** pw0's IPv4 address and the words of its IPv6 address; meaningless without the family. */
  readonly hostIpv4: number;
  readonly hostIpv6: Words;
  /** Likewise, of the masquerade addresses. */
  readonly hasMasqueradeIpv4: boolean;
  readonly hasMasqueradeIpv6: boolean;
  readonly masqueradeIpv4: number;
  readonly masqueradeIpv6: Words;
  readonly #addressesAt: number;
  readonly #addressMask: number;
  readonly #routesAt: number;
  readonly #routeMask: number;
  readonly #peersAt: number;
  readonly peerRows: number;

  constructor(buffer: SharedArrayBuffer) {
    const words = new Int32Array(buffer);
    if (words[0] !== MAGIC) throw new Error("Tables: the buffer was not made by buildTables");
    this.words = words;
    this.revision = words[1]!;
    this.vni = words[2]!;
    this.underlayMtu = words[3]!;
    this.macHigh = words[4]!;
    this.macLow = words[5]!;
    this.hasHostIpv4 = (words[6]! & FAMILY.ipv4) !== 0;
    this.hasHostIpv6 = (words[6]! & FAMILY.ipv6) !== 0;
    this.hostIpv4 = words[7]!;
    this.hostIpv6 = [words[8]!, words[9]!, words[10]!, words[11]!];
    this.hasMasqueradeIpv4 = (words[18]! & FAMILY.ipv4) !== 0;
    this.hasMasqueradeIpv6 = (words[18]! & FAMILY.ipv6) !== 0;
    this.masqueradeIpv4 = words[19]!;
    this.masqueradeIpv6 = [words[20]!, words[21]!, words[22]!, words[23]!];
    this.#addressesAt = words[12]!;
    this.#addressMask = words[13]!;
    this.#routesAt = words[14]!;
    this.#routeMask = words[15]!;
    this.#peersAt = words[16]!;
    this.peerRows = words[17]!;
  }

  /** The target of exactly this address: `pod`, `host` or `peer` (a node's own address), else `outside`. */
  address(a: number, b: number, c: number, d: number): number {
    return lookupAddress(this.words, this.#addressesAt, this.#addressMask, a, b, c, d);
  }

  /** The target of the longest prefix: `peer`, `vacant`, `unassigned` or `service`, else `outside`. */
  prefix(a: number, b: number, c: number, d: number): number {
    return lookupRoute(this.words, this.#routesAt, this.#routeMask, a, b, c, d);
  }

  /** Where a packet to this address goes: its own row, else the longest prefix. */
  route(a: number, b: number, c: number, d: number): number {
    const exact = this.address(a, b, c, d);
    return exact !== TargetKind.outside ? exact : this.prefix(a, b, c, d);
  }

  /** The first word of a peer's row for the accessors of peers.ts; −1 when there is no such peer. */
  peer(index: number): number {
    if (index >= this.peerRows) return -1;
    const row = this.#peersAt + index * PEER_WORDS;
    return peerFlags(this.words, row) === 0 ? -1 : row;
  }
}
