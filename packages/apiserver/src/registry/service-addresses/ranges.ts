/**
 * The ranges that ClusterIPs come from: those of all ServiceCIDRs, of which more than one may name the same or overlap.
 * A ServiceCIDR on its way out, or of which a condition says that it is not ready, gives no new addresses.
 *
 *   | — | for those who ask | given to those who do not ask | — |      — of IPv4: network and broadcast; of IPv6: network
 *     0   1          offset   offset + 1               last
 *
 * The offset is upstream's: a sixteenth of the range, at least 16 and at most 256 (KEP-3070). When the upper part is
 * full, the lower part is given out, too.
 */
import type { ServiceCIDR } from "@podwire/api";
import { addressCount, type Cidr, containsHost, parseCidr } from "@podwire/wire/cidr";
import type { Family } from "./families.ts";

/** Of a larger range, which only IPv6 has, no more are given to those who do not ask: chance has enough of them. */
const MOST_GIVEN = 2 ** 32;
/** Shorter prefixes of IPv6 are not given from, as upstream. */
const LEAST_IPV6_PREFIX = 64;
const LEAST_OFFSET = 16;
const MOST_OFFSET = 256;
const OFFSET_STEP = 16;

export class ServiceRanges {
  readonly #byServiceCidr = new Map<string, readonly Cidr[]>();
  #sorted: readonly Cidr[] = [];

  /** A ServiceCIDR was written; undefined: removed. */
  note(key: string, serviceCidr: ServiceCIDR | undefined): void {
    if (serviceCidr === undefined || !givesAddresses(serviceCidr)) this.#byServiceCidr.delete(key);
    else
      this.#byServiceCidr.set(
        key,
        (serviceCidr.spec.cidrs ?? []).flatMap(text => parseCidr(text) ?? []),
      );
    const keys = [...this.#byServiceCidr.keys()].sort();
    this.#sorted = keys.flatMap(each => this.#byServiceCidr.get(each)!).filter(isGivenFrom);
  }

  of(family: Family): readonly Cidr[] {
    return this.#sorted.filter(range => `IPv${range.family}` === family);
  }

  includes(address: Uint8Array): boolean {
    return this.#sorted.some(range => containsHost(range, address));
  }
}

function givesAddresses({ metadata, status }: ServiceCIDR): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return ready === undefined || ready.status === "True";
}

const isGivenFrom = ({ family, prefixLength }: Cidr) => family === 4 || prefixLength >= LEAST_IPV6_PREFIX;

/** The numbers of the addresses that are given to those who do not ask, first and last, and then those below. */
export function bandsOf(range: Cidr): readonly (readonly [first: number, last: number])[] {
  const count = addressCount(range);
  const last = Math.min(range.family === 4 ? count - 2 : count - 1, MOST_GIVEN);
  const offset = offsetOf(count);
  return [
    [offset + 1, last],
    [1, Math.min(offset, last)],
  ];
}

function offsetOf(size: number): number {
  if (size <= LEAST_OFFSET) return 0;
  return Math.min(Math.max(LEAST_OFFSET, Math.floor(size / OFFSET_STEP)), MOST_OFFSET);
}
