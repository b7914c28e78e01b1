/** Addresses and CIDRs as text: is it one, of which family. The packet path has its own, in `wire`. */

export type IpFamily = 4 | 6;

const OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${OCTET}(\\.${OCTET}){3}$`);
const GROUP = /^[0-9a-fA-F]{1,4}$/;
const IPV6_GROUPS = 8;

/** Undefined for text that is no address. Leading zeros in IPv4 are refused, as by upstream. */
export function ipFamily(text: string): IpFamily | undefined {
  if (IPV4.test(text)) return 4;
  return isIPv6(text) ? 6 : undefined;
}

function isIPv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap(half => (half === "" ? [] : half.split(":")));
  let count = groups.length;
  const last = groups.at(-1);
  if (last !== undefined && IPV4.test(last) && text.endsWith(last)) {
    groups.pop();
    count++;
  }
  if (!groups.every(group => GROUP.test(group))) return false;
  return halves.length === 2 ? count < IPV6_GROUPS : count === IPV6_GROUPS;
}

/** The family of `10.244.0.0/24` or `fd00::/64`; undefined for text that is no CIDR. */
export function cidrFamily(text: string): IpFamily | undefined {
  const [address = "", length = "", ...rest] = text.split("/");
  const family = ipFamily(address);
  if (family === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  return Number(length) <= (family === 4 ? 32 : 128) ? family : undefined;
}
