/**
 * Which addresses of the service CIDRs are taken, and by which Service: read from the stored Services once, and from then on
 * kept by seeing every write of one. Taking an address is one step of one thread, so that no two Services get the same;
 * and nothing but the Services themselves is stored, so that there is nothing to leak.
 *
 *   0     1             offset − 1   offset …                          last
 *   | — | first | for those who ask | given to those who do not ask | — |      the first: the Service `kubernetes`
 *
 * The offset is upstream's: a sixteenth of the range, at least 16 and at most 256 (KEP-3070). When the upper part is
 * full, the lower part is given out, too, but for the first address.
 */
import type { Service } from "@podwire/api";
import type { Entry, Store } from "@podwire/store";
import { formatAddress, parseAddress } from "@podwire/wire/address";
import { addressCount, addressNumber, type Cidr, contains, formatCidr, nthAddress } from "@podwire/wire/cidr";

/** Beyond this an IPv6 range is not used (upstream: 16 bits), so that a free address is found by trying each in turn. */
const MOST_ADDRESSES = 65_536;
const LEAST_OFFSET = 16;
const MOST_OFFSET = 256;

export class ClusterIps {
  readonly #prefix: string;
  readonly #random: (bound: number) => number;
  /** Address, in its canonical form -> key of the Service. */
  readonly #holders = new Map<string, string>();
  readonly #byService = new Map<string, readonly string[]>();

  constructor(prefix: string, random: (bound: number) => number) {
    this.#prefix = prefix;
    this.#random = random;
  }

  /** Takes note of the Services that are stored. */
  async load(store: Store): Promise<void> {
    const { entries } = await store.range({ prefix: this.#prefix });
    for (const entry of entries) this.stored(entry);
  }

  /** An entry was written: when it is a Service, it has these addresses and no others now. */
  stored({ key, value }: Entry): void {
    if (!key.startsWith(this.#prefix)) return;
    this.removed(key);
    const { spec } = JSON.parse(value) as Service;
    const addresses = (spec.clusterIPs ?? []).flatMap(text => canonical(text) ?? []);
    for (const address of addresses) this.#holders.set(address, key);
    if (addresses.length > 0) this.#byService.set(key, addresses);
  }

  removed(key: string): void {
    for (const address of this.#byService.get(key) ?? []) this.release(address, key);
    this.#byService.delete(key);
  }

  /** Why the Service cannot have the address, in upstream's words; undefined: it has it from now on. */
  take(range: Cidr, text: string, key: string): string | undefined {
    const bytes = parseAddress(text)!;
    const number = contains(range, bytes) ? addressNumber(range, bytes) : 0;
    if (number < 1 || number > lastNumber(range)) {
      return `the provided IP (${text}) is not in the valid range. The range of valid IPs is ${formatCidr(range)}`;
    }
    const address = formatAddress(bytes);
    const holder = this.#holders.get(address);
    if (holder !== undefined && holder !== key) return "provided IP is already allocated";
    this.#holders.set(address, key);
    return undefined;
  }

  /** A free address, taken; undefined when the range is full. */
  takeAny(range: Cidr, key: string): string | undefined {
    const last = lastNumber(range);
    const offset = Math.min(offsetOf(last + 1), last + 1);
    return this.#takeBetween(range, offset, last, key) ?? this.#takeBetween(range, 2, offset - 1, key);
  }

  #takeBetween(range: Cidr, first: number, last: number, key: string): string | undefined {
    const count = last - first + 1;
    if (count <= 0) return undefined;
    const start = this.#random(count);
    for (let tried = 0; tried < count; tried++) {
      const address = formatAddress(nthAddress(range, first + ((start + tried) % count)));
      if (this.#holders.has(address)) continue;
      this.#holders.set(address, key);
      return address;
    }
    return undefined;
  }

  /** The Service that took it was not written. */
  release(address: string, key: string): void {
    if (this.#holders.get(address) === key) this.#holders.delete(address);
  }

  /** Forgets what a write that failed had taken: the Service has what is stored of it. */
  revert(key: string, taken: readonly string[]): void {
    const kept = this.#byService.get(key) ?? [];
    for (const address of taken) if (!kept.includes(address)) this.release(address, key);
  }
}

/** Without the network's own address and, over IPv4, that of broadcast. */
function lastNumber(range: Cidr): number {
  const count = Math.min(addressCount(range), MOST_ADDRESSES);
  return range.family === 4 ? count - 2 : count - 1;
}

function offsetOf(size: number): number {
  return size < LEAST_OFFSET ? 1 : Math.min(Math.max(LEAST_OFFSET, size >> 4), MOST_OFFSET);
}

function canonical(text: string): string | undefined {
  const bytes = parseAddress(text);
  return bytes && formatAddress(bytes);
}

/** A store that tells of its writes, before whoever made them hears of it. */
export function observed(store: Store, ips: ClusterIps): Store {
  return {
    get history() {
      return store.history;
    },
    get revision() {
      return store.revision;
    },
    get compactedRevision() {
      return store.compactedRevision;
    },
    get: (key, atRevision) => store.get(key, atRevision),
    range: options => store.range(options),
    put: async (key, value, expected) => {
      const entry = await store.put(key, value, expected);
      ips.stored(entry);
      return entry;
    },
    delete: async (key, expected) => {
      const deletion = await store.delete(key, expected);
      ips.removed(key);
      return deletion;
    },
    watch: (prefixes, afterRevision) => store.watch(prefixes, afterRevision),
    compact: revision => store.compact(revision),
    close: () => store.close(),
  };
}
