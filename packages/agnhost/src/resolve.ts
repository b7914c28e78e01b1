/** net.ResolveTCPAddr and ResolveUDPAddr: a name or address, and a port, to one address (IPv4 when there is one). */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

export interface Resolved {
  address: string;
  family: 4 | 6;
  port: number;
}

/** Throws with Go's text. */
export async function resolveAddress(host: string, port: string, network: string): Promise<Resolved> {
  const number = Number(port === "" ? "0" : port);
  if (!/^\d*$/.test(port)) throw new Error(`lookup ${network}/${port}: unknown port`);
  if (number > 65_535) throw new Error(`address ${port}: invalid port`);
  const zoneless = host.split("%")[0]!;
  const family = isIP(zoneless);
  if (family === 4 || family === 6) return { address: host, family, port: number };
  // As Go: no host is this host.
  if (host === "") return { address: "127.0.0.1", family: 4, port: number };
  const addresses = await lookup(host, { all: true }).catch(() => []);
  const first = addresses.find(address => address.family === 4) ?? addresses[0];
  if (!first) throw new Error(`lookup ${host}: no such host`);
  return { address: first.address, family: first.family as 4 | 6, port: number };
}
