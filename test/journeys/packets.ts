/**
 * Packets written by hand and seen as they arrive, in the network namespace of a pod, a node or a host: what no
 * ordinary socket sends. And what a node's data plane counted about them.
 */
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Lab } from "@podwire/lab";
import { closeNamespace, type NativeMemory, nativeMemory, openNamespace, Socket } from "@podwire/linux";
import type { FlowRecord } from "@podwire/tables";
import { checksum, Fit, icmp, icmpv6, ipv4, ipv6, Protocol, udp } from "@podwire/wire";
import * as address from "@podwire/wire/address";

const MAX_PACKET_BYTES = 65_535;
/** Where IPv4 headers have their addresses (RFC 791 §3.1). */
const IPV4_SOURCE = 12;
const IPV4_DESTINATION = 16;

export interface IpPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** What follows the IP header. */
  readonly payload: Uint8Array;
  /** TOS or traffic class. */
  readonly tos?: number;
  /** TTL or hop limit; 64 unless given. */
  readonly ttl?: number;
}

/** The packet's bytes, with the checksums of IPv4, UDP, ICMP and ICMPv6 completed. */
export function ipBytes(packet: IpPacket): Uint8Array {
  const { payload, protocol, tos = 0, ttl = 64 } = packet;
  const isIpv6 = packet.destination.includes(":");
  const headerBytes = isIpv6 ? ipv6.HEADER_BYTES : ipv4.MIN_HEADER_BYTES;
  const bytes = new Uint8Array(headerBytes + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set(payload, headerBytes);
  if (isIpv6) {
    ipv6.writeFixed(view, 0, payload.length, protocol, ttl);
    ipv6.setTrafficClass(view, 0, tos);
    bytes.set(addressBytes(packet.source), ipv6.sourceAt(0));
    bytes.set(addressBytes(packet.destination), ipv6.destinationAt(0));
  } else {
    ipv4.write(view, 0, bytes.length, 1, 0, ttl, protocol, 0, 0);
    ipv4.setTos(view, 0, tos);
    bytes.set(addressBytes(packet.source), IPV4_SOURCE);
    bytes.set(addressBytes(packet.destination), IPV4_DESTINATION);
    ipv4.complete(view, 0);
  }
  completeTransport(view, headerBytes, protocol);
  return bytes;
}

function completeTransport(view: DataView, at: number, protocol: number): void {
  const end = view.byteLength;
  const total = () => checksum.sum(view, at, end, checksum.pseudoFor(view, 0, protocol, end - at));
  if (protocol === Protocol.Udp) {
    udp.setChecksum(view, at, 0);
    udp.setChecksum(view, at, checksum.finishUdp(total()));
  } else if (protocol === Protocol.Icmpv6) {
    icmpv6.setChecksum(view, at, 0);
    icmpv6.setChecksum(view, at, checksum.finish(total()));
  } else if (protocol === Protocol.Icmp) {
    icmp.setChecksum(view, at, 0);
    icmp.setChecksum(view, at, checksum.finish(checksum.sum(view, at, end, 0)));
  }
}

function addressBytes(given: string): Uint8Array {
  const bytes = address.parseAddress(given);
  if (!bytes) throw new Error(`${given} is no address`);
  return bytes;
}

/** A UDP header and its data; `ipBytes` completes the checksum. */
export function udpDatagram(sourcePort: number, destinationPort: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(udp.HEADER_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  udp.setSourcePort(view, 0, sourcePort);
  udp.setDestinationPort(view, 0, destinationPort);
  udp.setLength(view, 0, bytes.length);
  bytes.set(data, udp.HEADER_BYTES);
  return bytes;
}

/** Sends and sees packets of one family in the network namespace of a process. */
export class PacketSocket {
  readonly #family: 4 | 6;
  readonly #raw: Socket;
  readonly #capture: Socket;
  readonly #memory: NativeMemory = nativeMemory(MAX_PACKET_BYTES);

  constructor(pid: number, family: 4 | 6) {
    const namespace = openNamespace(pid);
    this.#family = family;
    this.#raw = Socket.open({ family, type: "raw", namespace });
    this.#capture = Socket.open({ family, type: "capture", nonBlocking: true, namespace });
    closeNamespace(namespace);
  }

  /** Sends the packet as it is, whatever its source says. */
  send(packet: IpPacket): void {
    const bytes = ipBytes(packet);
    this.#memory.u8.set(bytes);
    const sent = this.#raw.sendTo(this.#memory, 0, bytes.length, packet.destination, 0);
    if (sent !== bytes.length) throw new Error(`sending ${bytes.length} bytes: ${sent}`);
  }

  /** What the namespace has taken in since the last call. */
  arrived(): Required<IpPacket>[] {
    const packets: Required<IpPacket>[] = [];
    for (;;) {
      const bytes = this.#capture.receive(this.#memory, 0, MAX_PACKET_BYTES);
      if (bytes <= 0) return packets;
      packets.push(parse(this.#memory.u8.slice(0, bytes), this.#family));
    }
  }

  close(): void {
    this.#raw.close();
    this.#capture.close();
  }
}

function parse(bytes: Uint8Array, family: 4 | 6): Required<IpPacket> {
  const view = new DataView(bytes.buffer);
  const fit = family === 4 ? ipv4.fits(view, 0, bytes.length) : ipv6.fits(view, 0, bytes.length);
  if (fit !== Fit.Ok) throw new Error(`a packet that is no IPv${family} packet has arrived`);
  const text = (at: number, length: number) => address.formatAddress(bytes.slice(at, at + length));
  if (family === 6) {
    return {
      source: text(ipv6.sourceAt(0), 16),
      destination: text(ipv6.destinationAt(0), 16),
      protocol: ipv6.nextHeader(view, 0),
      payload: bytes.subarray(ipv6.HEADER_BYTES),
      tos: ipv6.trafficClass(view, 0),
      ttl: ipv6.hopLimit(view, 0),
    };
  }
  return {
    source: text(IPV4_SOURCE, 4),
    destination: text(IPV4_DESTINATION, 4),
    protocol: ipv4.protocol(view, 0),
    payload: bytes.subarray(ipv4.headerBytes(view, 0), ipv4.totalLength(view, 0)),
    tos: ipv4.tos(view, 0),
    ttl: ipv4.ttl(view, 0),
  };
}

/** A flow record as the inspection socket prints it: the ends by name. */
type PrintedFlow = Omit<FlowRecord, "from" | "to"> & { readonly from: string; readonly to: string };

/** What the data plane of a node has dropped, by the names of its reasons. */
export async function dropsOf(lab: Lab, node: string): Promise<Record<string, number>> {
  return (await inspect<{ drops: Record<string, number> }>(lab, node, "/counters")).drops;
}

export async function flowsOf(lab: Lab, node: string): Promise<PrintedFlow[]> {
  return (await inspect<{ flows: PrintedFlow[] }>(lab, node, "/flows")).flows;
}

/** Asks a node's inspection socket. */
async function inspect<T>(lab: Lab, node: string, path: string): Promise<T> {
  const socketPath = join(lab.paths.node(node), "node.sock");
  return new Promise((resolve, reject) => {
    const exchange = request({ socketPath, path, agent: false }, response => {
      text(response).then(body => resolve(JSON.parse(body) as T), reject);
    });
    exchange.once("error", reject).end();
  });
}
