/**
 * The twin of the merger: DATAPLANE's rules for merging said once more, with an object a packet and a Map of flows.
 * Slow and obvious; it shares no code with merge.ts. Merges UDP too.
 */
import { sumBytes } from "./checksum-twin.ts";
import { concat, get16, get32, pseudoHeader, put16 } from "./split-oracle.ts";

export interface TwinPacket {
  readonly port: number;
  /** The IP packet, trimmed to its length. */
  readonly bytes: Uint8Array;
  /** The peer vouches for the checksum, which is partial. */
  readonly isPartial: boolean;
}

/** One write to a TUN device: which packets went in, and its bytes, virtio header included. */
export interface TwinItem {
  readonly port: number;
  readonly members: readonly number[];
  readonly bytes: Uint8Array;
}

interface Item {
  port: number;
  packets: Parsed[];
  members: number[];
}

type Parsed = TwinPacket & {
  kind: "alone" | "barrier" | "tcp" | "udp";
  ipBytes: number;
  headerBytes: number;
  /** Names the flow. */
  flow: string;
  /** Everything that packets of one item share. */
  common: string;
  isCandidate: boolean;
};

export function mergeTwin(packets: readonly TwinPacket[]): TwinItem[] {
  const items: Item[] = [];
  let lastOfFlow = new Map<string, Item>();
  for (const [index, packet] of packets.map(parse).entries()) {
    const last = lastOfFlow.get(packet.flow);
    if (last !== undefined && mayJoin(last, packet)) {
      last.packets.push(packet);
      last.members.push(index);
      continue;
    }
    const item = { port: packet.port, packets: [packet], members: [index] };
    items.push(item);
    if (packet.kind === "barrier") lastOfFlow = new Map();
    if (packet.kind === "tcp" || packet.kind === "udp") lastOfFlow.set(packet.flow, item);
  }
  return items.map(item => ({ port: item.port, members: item.members, bytes: render(item) }));
}

function parse(packet: TwinPacket): Parsed {
  const { bytes } = packet;
  const isIpv4 = bytes[0]! >> 4 === 4;
  const protocol = bytes[isIpv4 ? 9 : 6]!;
  const ipBytes = isIpv4 ? 20 : 40;
  const base = { ...packet, ipBytes, headerBytes: 0, flow: "", common: "", isCandidate: false };
  if (protocol !== 6 && protocol !== 17) {
    return { ...base, kind: isIpv4 || protocol === 58 || protocol === 132 ? "alone" : "barrier" };
  }
  const isPlain = isIpv4 ? bytes[0] === 0x45 && (get16(bytes, 6) & 0xbfff) === 0 : true;
  if (!isPlain) return { ...base, kind: "barrier" };
  const isTcp = protocol === 6;
  const headerBytes = ipBytes + (isTcp ? (bytes[ipBytes + 12]! >> 4) * 4 : 8);
  const addresses = hex(isIpv4 ? bytes.slice(12, 20) : bytes.slice(8, 40));
  const ports = hex(bytes.slice(ipBytes, ipBytes + 4));
  const ipCommon = isIpv4 ? [bytes.slice(0, 2), bytes.slice(6, 10)] : [bytes.slice(0, 4), bytes.slice(6, 8)];
  const tcpCommon = [
    bytes.slice(ipBytes + 8, ipBytes + 13),
    Uint8Array.of(bytes[ipBytes + 13]! & ~8),
    bytes.slice(ipBytes + 14, ipBytes + 16),
    bytes.slice(ipBytes + 18, headerBytes),
  ];
  const isData = bytes.length > headerBytes;
  const flagsFit = isTcp
    ? (bytes[ipBytes + 13]! & ~8) === 0x10
    : packet.isPartial || get16(bytes, ipBytes + 6) !== 0;
  return {
    ...base,
    kind: isTcp ? "tcp" : "udp",
    headerBytes,
    flow: `${packet.port} ${isIpv4} ${isTcp} ${addresses} ${ports}`,
    common: [...ipCommon, ...(isTcp ? tcpCommon : [])].map(hex).join(" "),
    isCandidate: isData && flagsFit,
  };
}

function mayJoin(item: Item, packet: Parsed): boolean {
  const first = item.packets[0]!;
  const last = item.packets.at(-1)!;
  const payload = (p: Parsed) => p.bytes.length - p.headerBytes;
  const total = first.headerBytes + item.packets.reduce((sum, p) => sum + payload(p), 0);
  if (!first.isCandidate || !packet.isCandidate || first.common !== packet.common) return false;
  if (payload(last) < payload(first) || payload(packet) > payload(first)) return false;
  if (total + payload(packet) > 65_535) return false;
  if (item.packets.length >= (packet.kind === "tcp" ? 128 : 64)) return false;
  if (packet.kind === "tcp") {
    if ((last.bytes[last.ipBytes + 13]! & 8) !== 0) return false;
    const next = (get32(last.bytes, last.ipBytes + 4) + payload(last)) % 2 ** 32;
    if (get32(packet.bytes, packet.ipBytes + 4) !== next) return false;
  }
  if (packet.ipBytes === 20) {
    if (sumBytes(first.bytes, 0, 20) !== 0xffff || sumBytes(packet.bytes, 0, 20) !== 0xffff) return false;
    const isFree = (packet.bytes[6]! & 0x40) !== 0;
    const expected = (get16(first.bytes, 4) + item.packets.length) % 65536;
    if (!isFree && get16(packet.bytes, 4) !== expected) return false;
  }
  return isSound(first) && isSound(packet);
}

function isSound(packet: Parsed): boolean {
  if (packet.isPartial) return true;
  const transport = packet.bytes.slice(packet.ipBytes);
  const protocol = packet.kind === "tcp" ? 6 : 17;
  const all = concat(
    pseudoHeader(packet.bytes, packet.ipBytes === 20, protocol, transport.length),
    transport,
  );
  return sumBytes(all, 0, all.length) === 0xffff;
}

function render(item: Item): Uint8Array {
  const first = item.packets[0]!;
  const isTcp = first.kind === "tcp" || first.bytes[first.ipBytes === 20 ? 9 : 6] === 6;
  const fieldAt = isTcp ? 16 : 6;
  if (item.packets.length === 1) {
    const virtio = first.isPartial
      ? Uint8Array.of(1, 0, 0, 0, 0, 0, first.ipBytes, 0, fieldAt, 0)
      : new Uint8Array(10);
    return concat(virtio, first.bytes);
  }
  const header = first.bytes.slice(0, first.headerBytes);
  const payloads = item.packets.map(p => p.bytes.slice(p.headerBytes));
  const total = header.length + payloads.reduce((sum, p) => sum + p.length, 0);
  const isIpv4 = first.ipBytes === 20;
  if (isIpv4) {
    put16(header, 2, total);
    put16(header, 10, 0);
    put16(header, 10, 0xffff - sumBytes(header, 0, 20));
  } else {
    put16(header, 4, total - 40);
  }
  const length = total - first.ipBytes;
  const pseudo = pseudoHeader(header, isIpv4, isTcp ? 6 : 17, length);
  const transport = header.subarray(first.ipBytes);
  if (isTcp) transport[13]! |= item.packets.at(-1)!.bytes[first.ipBytes + 13]! & 8;
  else put16(transport, 4, length);
  put16(transport, fieldAt, sumBytes(pseudo, 0, pseudo.length));
  const gsoSize = payloads[0]!.length;
  const gsoType = isTcp ? (isIpv4 ? 1 : 4) : 5;
  const sizes = [header.length, gsoSize, first.ipBytes, fieldAt].flatMap(n => [n & 255, n >> 8]);
  return concat(Uint8Array.of(1, gsoType, ...sizes), header, ...payloads);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
}
