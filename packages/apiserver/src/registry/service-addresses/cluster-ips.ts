/**
 * Which addresses are taken, and by which Service: read from the stored objects once, and from then on kept by seeing
 * every write. Taking an address is one step of one thread, so that no two Services get the same; and nothing but the
 * objects themselves is stored, so that there is nothing to leak.
 *
 * An address is free when no Service has it and no IPAddress is named after it: a person may make one to keep an address
 * for something else.
 */
import { formatAddress, parseAddress } from "@podwire/wire/address";
import { type Cidr, nthAddress } from "@podwire/wire/cidr";
import type { Family } from "./families.ts";
import { Holders } from "./holders.ts";
import { bandsOf, type ServiceRanges } from "./ranges.ts";

export class ClusterIps {
  readonly #ranges: ServiceRanges;
  readonly #random: (bound: number) => number;
  readonly services = new Holders<string>();
  /** Names of IPAddresses that are stored, or on their way. */
  readonly objects = new Set<string>();

  constructor(ranges: ServiceRanges, random: (bound: number) => number) {
    this.#ranges = ranges;
    this.#random = random;
  }

  /** Why the Service cannot have the address, in upstream's words; undefined: it has it from now on. */
  take(text: string, key: string): string | undefined {
    const address = parseAddress(text)!;
    if (!this.#ranges.includes(address)) {
      return "the provided network does not match the current range";
    }
    const name = formatAddress(address);
    if (!this.#isFree(name)) return "provided IP is already allocated";
    this.services.take(name, key);
    return undefined;
  }

  /** A free address, taken; undefined when all ranges of the family are full. */
  takeAny(family: Family, key: string): string | undefined {
    for (const range of this.#ranges.of(family)) {
      for (const [first, last] of bandsOf(range)) {
        const address = this.#takeBetween(range, first, last, key);
        if (address !== undefined) return address;
      }
    }
    return undefined;
  }

  #takeBetween(range: Cidr, first: number, last: number, key: string): string | undefined {
    const count = last - first + 1;
    if (count <= 0) return undefined;
    const start = this.#random(count);
    for (let tried = 0; tried < count; tried++) {
      const address = formatAddress(nthAddress(range, first + ((start + tried) % count)));
      if (!this.#isFree(address)) continue;
      this.services.take(address, key);
      return address;
    }
    return undefined;
  }

  #isFree(address: string): boolean {
    return !this.services.has(address) && !this.objects.has(address);
  }
}

/** One text of each address; those that are none are left out, such as `None`. */
export function canonicalAddresses(texts: readonly string[] = []): string[] {
  return texts.flatMap(text => {
    const address = parseAddress(text);
    return address === undefined ? [] : [formatAddress(address)];
  });
}
