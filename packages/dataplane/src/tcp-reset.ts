/**
 * A refused connection: the reset that a host without a listener would send (RFC 9293 §3.10.7.1), from the address and
 * port that the segment was for.
 *
 *   the segment has ACK     RST, with its acknowledgement as sequence number
 *   otherwise               RST and ACK, sequence number 0, acknowledging all that the segment occupies
 *
 * Never about a reset.
 */
import { Counter, type Counters } from "@podwire/tables";
import { checksum, ipv4, ipv6, Protocol, tcp } from "@podwire/wire";
import type { Packet } from "./packet.ts";
import type { ReturnPath } from "./return-path.ts";

const TTL = 64;

export class TcpResets {
  readonly #view: DataView;
  readonly #back: ReturnPath;
  readonly #counters: Counters;

  constructor(view: DataView, back: ReturnPath, counters: Counters) {
    this.#view = view;
    this.#back = back;
    this.#counters = counters;
  }

  /** Refuses the TCP segment of a flow's packet. */
  send(packet: Packet): void {
    if ((packet.flags & tcp.RST) !== 0) return;
    const at = this.#back.begin(packet);
    if (at < 0) return;
    const headerBytes = this.#writeIp(packet, at);
    this.#writeTcp(packet, at, headerBytes);
    this.#back.send(packet, at, headerBytes + tcp.MIN_HEADER_BYTES);
    this.#counters.add(Counter.tcpResetsSent, 1);
  }

  #writeIp(packet: Packet, at: number): number {
    const view = this.#view;
    if (packet.version === 4) {
      const total = ipv4.MIN_HEADER_BYTES + tcp.MIN_HEADER_BYTES;
      const { destination3, source3 } = packet;
      ipv4.write(view, at, total, 0, ipv4.DONT_FRAGMENT, TTL, Protocol.Tcp, destination3, source3);
      return ipv4.MIN_HEADER_BYTES;
    }
    ipv6.writeFixed(view, at, tcp.MIN_HEADER_BYTES, Protocol.Tcp, TTL);
    for (let byte = 0; byte < 16; byte += 4) {
      view.setInt32(ipv6.sourceAt(at) + byte, view.getInt32(ipv6.destinationAt(packet.at) + byte));
      view.setInt32(ipv6.destinationAt(at) + byte, view.getInt32(ipv6.sourceAt(packet.at) + byte));
    }
    return ipv6.HEADER_BYTES;
  }

  #writeTcp(packet: Packet, at: number, headerBytes: number): void {
    const view = this.#view;
    const segmentAt = packet.at + packet.headerBytes;
    const tcpAt = at + headerBytes;
    const hasAck = (packet.flags & tcp.ACK) !== 0;
    const payload = packet.length - packet.headerBytes - tcp.headerBytes(view, segmentAt);
    const occupied = payload + (packet.flags & tcp.SYN ? 1 : 0) + (packet.flags & tcp.FIN ? 1 : 0);
    tcp.setSourcePort(view, tcpAt, packet.ports & 0xffff);
    tcp.setDestinationPort(view, tcpAt, packet.ports >>> 16);
    tcp.setSequence(view, tcpAt, hasAck ? tcp.acknowledgement(view, segmentAt) : 0);
    tcp.setAcknowledgement(view, tcpAt, hasAck ? 0 : tcp.sequence(view, segmentAt) + occupied);
    view.setUint8(tcpAt + 12, 0);
    tcp.setHeaderBytes(view, tcpAt, tcp.MIN_HEADER_BYTES);
    tcp.setFlags(view, tcpAt, hasAck ? tcp.RST : tcp.RST | tcp.ACK);
    tcp.setWindow(view, tcpAt, 0);
    tcp.setUrgent(view, tcpAt, 0);
    tcp.setChecksum(view, tcpAt, 0);
    const end = tcpAt + tcp.MIN_HEADER_BYTES;
    const pseudo = checksum.pseudoFor(view, at, Protocol.Tcp, tcp.MIN_HEADER_BYTES);
    tcp.setChecksum(view, tcpAt, checksum.finish(checksum.sum(view, tcpAt, end, pseudo)));
  }
}
