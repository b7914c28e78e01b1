/**
 * Traced packets: one line says what is sent, one line what became of it.
 *
 *   expectFlow(cluster, "web -> db tcp/80", "delivered db");
 *   expectFlow(cluster, "web -> db udp/53 ttl=1", "dropped time-to-live-expired at a; web told: time exceeded by 10.244.0.1");
 *
 * FROM -> TO PROTOCOL[/PORT] and options: ipv6, ttl=N, size=N (of the IP packet), df=0, from=ADDRESS (another source),
 * flags=S|SA|A|FA|R. FROM and TO are pods or hosts ("host-a"); TO may be an address.
 */
import assert from "node:assert/strict";
import { formatAddress } from "@podwire/tables";
import { Protocol, tcp } from "@podwire/wire";
import type { SimulatedCluster } from "./cluster.ts";
import { echo, ipPacket, plain, sctpPacket, tcpSegment, udpDatagram, unwrap } from "./packets.ts";

const SOURCE_PORT = 40_000;
const FLAGS: { readonly [letter: string]: number } = {
  S: tcp.SYN,
  A: tcp.ACK,
  F: tcp.FIN,
  R: tcp.RST,
  P: tcp.PSH,
};

interface Sent {
  readonly from: string;
  readonly packet: Uint8Array;
}

export function expectFlow(cluster: SimulatedCluster, sent: string, outcome: string): void {
  assert.equal(trace(cluster, sent), outcome, sent);
}

/** Sends what the line describes and says what became of it. */
export function trace(cluster: SimulatedCluster, line: string): string {
  const { from, packet } = packetOf(cluster, line);
  return traceRead(cluster, from, plain(packet));
}

/** The same for what a TUN device gives, virtio-net header and all. */
export function traceRead(cluster: SimulatedCluster, from: string, read: Uint8Array): string {
  const before = dropsByNode(cluster);
  cluster.inject(from, read);
  cluster.run();
  const said: string[] = [];
  for (const name of cluster.pods.keys()) {
    for (const written of cluster.take(name)) {
      const packet = unwrap(written);
      const told = icmpErrorText(packet) ?? (name === from ? resetText(packet) : undefined);
      said.push(told === undefined ? `delivered ${name}` : `${name} told: ${told}`);
    }
  }
  for (const [key, count] of dropsByNode(cluster)) {
    const more = count - (before.get(key) ?? 0);
    if (more > 0) said.unshift(`dropped ${key}${more > 1 ? ` ×${more}` : ""}`);
  }
  return said.join("; ") || "lost";
}

function dropsByNode(cluster: SimulatedCluster): Map<string, number> {
  const drops = new Map<string, number>();
  for (const node of cluster.nodes) {
    for (const [reason, count] of Object.entries(node.counters.snapshot().drops)) {
      drops.set(`${reason} at ${node.name}`, count);
    }
  }
  return drops;
}

/** The packet that a line describes. */
export function packetOf(cluster: SimulatedCluster, line: string): Sent {
  const match = /^(\S+) -> (\S+) (\w+)(?:\/(\d+))?((?: \S+)*)$/.exec(line);
  if (match === null) throw new Error(`not a traced packet: "${line}"`);
  const [, from, to, protocolName, portText] = match as unknown as [string, string, string, string, string?];
  const options = new Map<string, string>();
  for (const option of match[5]!.trim().split(" ")) {
    const [key, value] = option.split("=");
    options.set(key!, value ?? "");
  }
  const sender = cluster.pod(from);
  const isIpv6 = options.has("ipv6") || to.includes(":");
  const receiver = cluster.pods.get(to);
  const destination = receiver === undefined ? to : isIpv6 ? receiver.ipv6 : receiver.ipv4;
  const source = options.get("from") ?? (isIpv6 ? sender.ipv6 : sender.ipv4);
  const header = isIpv6 ? 40 : 20;
  const size = Number(options.get("size") ?? 0);
  const port = Number(portText ?? 0);
  const fill = (transportHeader: number) => Math.max(0, size - header - transportHeader);
  const flags = [...(options.get("flags") ?? "S")].reduce((all, letter) => all | FLAGS[letter]!, 0);
  const sourcePort = Number(options.get("sport") ?? SOURCE_PORT);
  const [protocol, transport] = ((): [number, Uint8Array] => {
    switch (protocolName) {
      case "tcp":
        return [Protocol.Tcp, tcpSegment(sourcePort, port, flags, fill(20))];
      case "udp":
        return [Protocol.Udp, udpDatagram(sourcePort, port, size === 0 ? 4 : fill(8))];
      case "sctp":
        return [Protocol.Sctp, sctpPacket(sourcePort, port, 1)];
      case "ping":
      case "pong":
        return [
          isIpv6 ? Protocol.Icmpv6 : Protocol.Icmp,
          echo(isIpv6, protocolName === "pong", port, fill(8)),
        ];
      default:
        return [Number(protocolName.replace("protocol", "")), new Uint8Array(Math.max(4, fill(0)))];
    }
  })();
  const ttl = Number(options.get("ttl") ?? 64);
  const dontFragment = options.get("df") !== "0";
  return { from, packet: ipPacket({ source, destination, protocol, transport, ttl, dontFragment }) };
}

/** Who sends a reset; undefined for any other packet. */
function resetText(packet: Uint8Array): string | undefined {
  const isIpv6 = packet[0]! >> 4 === 6;
  const at = isIpv6 ? 40 : 20;
  const isReset = packet[isIpv6 ? 6 : 9] === Protocol.Tcp && (packet[at + 13]! & tcp.RST) !== 0;
  return isReset ? `reset by ${tupleText(packet).split(" ")[0]}` : undefined;
}

/** "10.244.0.2:40000 -> 10.96.0.10:80" of a packet with ports. */
export function tupleText(packet: Uint8Array): string {
  const view = new DataView(packet.buffer, packet.byteOffset);
  const isIpv6 = packet[0]! >> 4 === 6;
  const transportAt = isIpv6 ? 40 : 20;
  const address = (at: number) =>
    isIpv6
      ? `[${formatAddress([view.getInt32(at), view.getInt32(at + 4), view.getInt32(at + 8), view.getInt32(at + 12)])}]`
      : formatAddress([0, 0, 0xffff, view.getInt32(at)]);
  const [source, destination] = isIpv6 ? [8, 24] : [12, 16];
  const port = (at: number) => view.getUint16(transportAt + at);
  return `${address(source)}:${port(0)} -> ${address(destination)}:${port(2)}`;
}

/** What an ICMP error says and who says it; undefined for any other packet. */
export function icmpErrorText(packet: Uint8Array): string | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset);
  const isIpv6 = packet[0]! >> 4 === 6;
  const at = isIpv6 ? 40 : 20;
  if (packet[isIpv6 ? 6 : 9] !== (isIpv6 ? Protocol.Icmpv6 : Protocol.Icmp)) return undefined;
  const key = `${isIpv6 ? 6 : 4} ${packet[at]} ${packet[at + 1]}`;
  const mtu = isIpv6 ? view.getUint32(at + 4) : view.getUint16(at + 6);
  const texts: { readonly [key: string]: string } = {
    "4 11 0": "time exceeded",
    "4 3 1": "host unreachable",
    "4 3 3": "port unreachable",
    "4 3 4": `fragmentation needed, MTU ${mtu}`,
    "6 3 0": "time exceeded",
    "6 1 3": "address unreachable",
    "6 1 4": "port unreachable",
    "6 2 0": `packet too big, MTU ${mtu}`,
  };
  const text = texts[key];
  if (text === undefined) return undefined;
  const source = isIpv6
    ? formatAddress([view.getInt32(8), view.getInt32(12), view.getInt32(16), view.getInt32(20)])
    : formatAddress([0, 0, 0xffff, view.getInt32(12)]);
  return `${text} by ${source}`;
}
