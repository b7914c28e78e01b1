/**
 * The DNS server of a node: the zone, whom to ask beyond it, and the sockets on the node's own addresses in the pod network, where the Service
 * `kube-dns` brings the queries of the node's pods and processes to.
 *
 *   query over UDP or TCP -> from the cluster? -> Responder: zone, or Forwarder and other servers -> answer
 *
 * Only the cluster is answered: a packet with a forged source of elsewhere brings nobody an answer.
 */
import { randomInt } from "node:crypto";
import type { Cidr } from "@podwire/wire/cidr";
import { clientFilter } from "./clients.ts";
import { Forwarder } from "./forward/forwarder.ts";
import type { Server } from "./forward/server-socket.ts";
import { Upstreams } from "./forward/upstreams.ts";
import { Responder, type Transport } from "./respond.ts";
import { serveTcp } from "./tcp.ts";
import { type Answer, serveUdp } from "./udp.ts";
import { Zone, type ZoneSource } from "./zone.ts";

const PORT = 53;

export interface DnsServerOptions {
  readonly source: ZoneSource;
  readonly domain: string;
  /** Where it listens, one address a family. */
  readonly addresses: readonly string[];
  readonly port?: number;
  /** Who may ask. */
  readonly clientCidrs: readonly Cidr[];
  readonly clientAddresses: readonly string[];
  /** Addresses of Pods and Services. */
  readonly reverseCidrs: readonly Cidr[];
  /** Who is asked for other names than the cluster's, and for those of single domains. */
  readonly upstreams: readonly Server[];
  readonly stubs: ReadonlyMap<string, readonly Server[]>;
}

export interface DnsServer {
  close(): void;
}

/** Rejects when an address or port cannot be had. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { source, domain, addresses, port = PORT, reverseCidrs } = options;
  const now = () => Math.floor(Date.now() / 1_000);
  const zone = new Zone({ source, domain, reverseCidrs, now });
  const forwarder = forwarderOf(options);
  const responder = new Responder({ zone, forwarder, random: bound => Math.floor(Math.random() * bound) });
  const isClient = clientFilter(options.clientCidrs, options.clientAddresses);
  const over =
    (transport: Transport) =>
    (message: Uint8Array, client: string): Answer | Promise<Answer> =>
      isClient(client) ? responder.respond(message, transport, client) : undefined;
  const opened = await Promise.allSettled(
    addresses.flatMap(address => [
      serveUdp(address, port, over("udp")),
      serveTcp(address, port, over("tcp")),
    ]),
  );
  const close = () => {
    forwarder.close();
    for (const each of opened) if (each.status === "fulfilled") each.value.close();
  };
  const failed = opened.find(each => each.status === "rejected");
  if (failed === undefined) return { close };
  close();
  throw failed.reason;
}

function forwarderOf({ upstreams, stubs }: DnsServerOptions): Forwarder {
  const group = (servers: readonly Server[]) =>
    new Upstreams({ servers, randomId: () => randomInt(0x10000) });
  return new Forwarder({
    upstreams: group(upstreams),
    stubs: new Map([...stubs].map(([domain, servers]) => [domain, group(servers)])),
    nowMs: () => performance.now(),
  });
}
