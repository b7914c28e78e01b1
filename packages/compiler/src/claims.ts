/**
 * Who has which address and which prefix: the first to claim one keeps it, a later one is told by whom it is
 * held, and that becomes an omission.
 */
import { type Cidr, contains, formatAddress, parseAddress, parseCidr, type Words } from "@podwire/tables";
import type { Omission } from "./snapshot.ts";

export class Claims {
  readonly omissions: Omission[] = [];
  readonly #addresses = new Map<string, string>();
  readonly #prefixes: { cidr: Cidr; owner: string; text: string }[] = [];

  omit(object: string, field: string, message: string): void {
    this.omissions.push({ object, field, message });
  }

  /** The address, when it is well-formed and nobody else's. */
  address(object: string, field: string, text: string): Words | undefined {
    const words = parseAddress(text);
    if (words === undefined) {
      this.omit(object, field, `"${text}" is not an IPv4 or IPv6 address`);
      return undefined;
    }
    const canonical = formatAddress(words);
    const owner = this.#addresses.get(canonical);
    if (owner === undefined) {
      this.#addresses.set(canonical, object);
      return words;
    }
    if (owner !== object) {
      this.omit(object, field, `${canonical} is already an address of ${owner} (addresses must be unique)`);
    }
    return undefined;
  }

  /** The pod CIDR, when it is well-formed and overlaps nobody else's. */
  podCidr(object: string, field: string, text: string): Cidr | undefined {
    const cidr = this.cidr(object, field, text);
    if (cidr === undefined) return undefined;
    const rival = this.#prefixes.find(held => overlap(held.cidr, cidr));
    if (rival !== undefined) {
      this.omit(
        object,
        field,
        `${text} overlaps ${rival.text} of ${rival.owner} (pod CIDRs must not overlap)`,
      );
      return undefined;
    }
    this.#prefixes.push({ cidr, owner: object, text });
    return cidr;
  }

  cidr(object: string, field: string, text: string): Cidr | undefined {
    const cidr = parseCidr(text);
    if (cidr === undefined) {
      this.omit(object, field, `"${text}" is not a CIDR: address/length, with no bits set beyond the length`);
    }
    return cidr;
  }

  /** Whether a pod CIDR is exactly this prefix. */
  holdsPrefix(cidr: Cidr): boolean {
    return this.#prefixes.some(
      held => held.cidr.bits === cidr.bits && held.cidr.words.every((word, at) => word === cidr.words[at]),
    );
  }

  /** Whether one of `owner`'s pod CIDRs contains the address. */
  owns(owner: string, words: Words): boolean {
    return this.#prefixes.some(held => held.owner === owner && contains(held.cidr, words));
  }
}

function overlap(one: Cidr, other: Cidr): boolean {
  return one.bits <= other.bits ? contains(one, other.words) : contains(other, one.words);
}
