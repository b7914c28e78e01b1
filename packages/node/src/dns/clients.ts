/** Whom the server answers: addresses of the cluster. What it found out about an address it remembers, up to a bound. */
import { parseAddress } from "@podwire/wire/address";
import { type Cidr, contains } from "@podwire/wire/cidr";
import { MAX_REMEMBERED_CLIENTS } from "./limits.ts";

export function clientFilter(
  cidrs: readonly Cidr[],
  addresses: readonly string[],
): (client: string) => boolean {
  const own = new Set(addresses);
  const known = new Map<string, boolean>();
  return client => {
    const before = known.get(client);
    if (before !== undefined) return before;
    const bytes = parseAddress(client);
    const isClient = own.has(client) || (bytes !== undefined && cidrs.some(cidr => contains(cidr, bytes)));
    if (known.size >= MAX_REMEMBERED_CLIENTS) known.clear();
    known.set(client, isClient);
    return isClient;
  };
}
