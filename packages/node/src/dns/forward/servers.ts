/**
 * Which servers are asked for names that are not the cluster's, and from where:
 *
 *   configured, or those of the machine's resolv.conf -> on the lab's own networks?  from the node's network
 *                                                     -> anywhere else               from the machine's
 *
 * A node of a lab has no way out of its own; the machine has, and its resolver may listen on the machine's loopback alone.
 */
import { parseAddress } from "@podwire/wire/address";
import { type Cidr, contains } from "@podwire/wire/cidr";
import type { Server } from "./server-socket.ts";

/** As lab.yaml has it: "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353". */
export interface ForwardingOptions {
  /** Absent: those of the machine. */
  readonly upstreams?: readonly string[] | undefined;
  readonly stubDomains: readonly { readonly domain: string; readonly upstreams: readonly string[] }[];
}

export interface Networks {
  /** What the node reaches by itself. */
  readonly inside: readonly Cidr[];
  /** Descriptor of the machine's network namespace; absent: it is the node's own. */
  readonly machineNamespace?: number | undefined;
}

const PORT = 53;

/** Undefined when the text is no address, or has no port that is one. */
export function parseServer(text: string): { address: string; port: number } | undefined {
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text);
  const plain =
    bracketed ?? (parseAddress(text) ? [text, text, undefined] : /^([^:]+):(\d{1,5})$/.exec(text));
  const address = plain?.[1] ?? "";
  const port = Number(plain?.[2] ?? PORT);
  return parseAddress(address) && port >= 1 && port <= 65_535 ? { address, port } : undefined;
}

export function serversOf(texts: readonly string[], { inside, machineNamespace }: Networks): Server[] {
  return texts.flatMap(text => {
    const server = parseServer(text);
    if (server === undefined) return [];
    const bytes = parseAddress(server.address)!;
    const isInside = inside.some(cidr => contains(cidr, bytes));
    return [{ ...server, namespace: isInside ? undefined : machineNamespace }];
  });
}

/** The `nameserver` lines of a resolv.conf. Those with a zone name an interface of the machine, and are left out. */
export function nameserversOf(resolvConf: string): string[] {
  return resolvConf.split("\n").flatMap(line => {
    const [keyword, address = ""] = line.trim().split(/\s+/);
    return keyword === "nameserver" && parseAddress(address) !== undefined ? [address] : [];
  });
}
