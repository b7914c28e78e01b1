/**
 * Translation: a packet of a translated flow leaves with the tuple to which the packets of the other direction are
 * replies. So a flow's two tuples say all, and the translation of replies is the same code.
 *
 *   entry 0   pod -> Service         leaves as   (masqueraded) pod -> backend
 *   entry 1   backend -> pod         leaves as   Service -> pod
 *
 * Checksums are carried along by what changed (RFC 1624), never computed anew: a damaged packet stays damaged. A partial
 * checksum covers the addresses only. SCTP's CRC32c covers ports and no addresses; it is summed again where it was right and a port
 * changes. It covers the whole packet, of which a fragment is but a part: such fragments are not translated, but dropped by name
 * (RFC 9260 §6.9: SCTP itself never makes any). Super-packets have one header and stay whole. Later fragments have addresses alone.
 *
 * An ICMP error goes to the sender of the packet that it quotes, who knows only what it sent: the quotation is turned
 * back, the error's destination with it, and its source where that is the quoted packet's destination.
 */
import { Drop } from "@podwire/tables";
import { checksum, Fit, icmp, icmpv6, ipv4, ipv6, Protocol, sctp, tcp, udp } from "@podwire/wire";
import { copyTuple, Packet, PacketKind } from "./packet.ts";
import type { Arena } from "./ports.ts";
import type { TupleTable } from "./tuple-table.ts";

export class Translation {
  readonly #view: DataView;
  readonly #u8: Uint8Array;
  readonly #tuples: TupleTable;
  readonly #outgoing = new Packet();
  /** An ICMP error as it goes on. */
  readonly #error = new Packet();

  constructor(arena: Arena, tuples: TupleTable) {
    this.#view = arena.view;
    this.#u8 = arena.u8;
    this.#tuples = tuples;
  }

  /** Rewrites the packet, in memory and in the record, to what packets of `packet.translation` leave as. */
  apply(packet: Packet): void {
    const outgoing = this.#outgoing;
    this.#tuples.readOutgoing(packet.translation, outgoing);
    const difference = writeAddresses(this.#view, packet.at, packet, outgoing);
    if (packet.kind === PacketKind.flow) this.#writeTransport(packet, outgoing, difference);
    takeAddresses(packet, outgoing);
    if (packet.kind === PacketKind.flow) packet.ports = outgoing.ports;
    packet.translation = -1;
  }

  /** Whether packets of this entry may leave although the first of them is but a part. */
  mayLeave(packet: Packet, entry: number): boolean {
    if (packet.firstFragment === 0 || packet.protocol !== Protocol.Sctp) return true;
    this.#tuples.readOutgoing(entry, this.#outgoing);
    return packet.ports === this.#outgoing.ports;
  }

  #writeTransport(packet: Packet, outgoing: Packet, addressDifference: number): void {
    const view = this.#view;
    const at = packet.at + packet.headerBytes;
    if (packet.protocol === Protocol.Sctp) {
      if (packet.ports !== outgoing.ports) this.#writeSctpPorts(packet, outgoing.ports, at);
      return;
    }
    if (packet.protocol !== Protocol.Tcp && packet.protocol !== Protocol.Udp) return;
    view.setInt32(at, outgoing.ports);
    const offset = packet.protocol === Protocol.Tcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET;
    const fieldAt = at + offset;
    const before = view.getUint16(fieldAt);
    if (packet.needsChecksum === 1 && packet.checksumStart === packet.headerBytes) {
      view.setUint16(fieldAt, checksum.updatePartialBy(before, addressDifference));
      return;
    }
    const difference = addressDifference + checksum.difference32(packet.ports, outgoing.ports);
    view.setUint16(fieldAt, updated(packet.protocol, before, difference));
  }

  #writeSctpPorts(packet: Packet, ports: number, at: number): void {
    const end = packet.at + packet.length;
    const isIntact = sctp.checksumFits(this.#view, this.#u8, at, end) === Fit.Ok;
    this.#view.setInt32(at, ports);
    if (isIntact) sctp.complete(this.#view, this.#u8, at, end);
  }

  /**
   * Turns an ICMP error about a packet that left by `entry` into one about the packet as its sender sent it. `quoted` is
   * the quoted packet. Returns 0 or the drop reason.
   */
  applyToError(packet: Packet, quoted: Packet, entry: number): number {
    const view = this.#view;
    const at = packet.at + packet.headerBytes;
    const end = packet.at + packet.length;
    const isIpv4 = packet.version === 4;
    if (packet.needsChecksum === 1) return Drop.icmpErrorBad;
    const fit = isIpv4 ? icmp.checksumFits(view, at, end) : icmpv6.checksumFits(view, packet.at, at, end);
    if (fit !== Fit.Ok) return Drop.icmpErrorBad;
    const original = this.#outgoing;
    this.#tuples.read(entry, original);
    writeQuoted(view, quoted, original, end);
    replaceError(packet, quoted, original, this.#error);
    writeAddresses(view, packet.at, packet, this.#error);
    takeAddresses(packet, this.#error);
    view.setUint16(at + 2, 0);
    const pseudo = isIpv4 ? 0 : checksum.pseudoIpv6(view, packet.at, Protocol.Icmpv6, end - at);
    view.setUint16(at + 2, checksum.finish(checksum.sum(view, at, end, pseudo)));
    return Drop.none;
  }
}

/** The checksum after a change. Over UDP, 0 says that there is none, before as after. */
function updated(protocol: number, before: number, difference: number): number {
  if (protocol !== Protocol.Udp) return checksum.updateBy(before, difference);
  return before === 0 ? 0 : checksum.updateBy(before, difference) || 0xffff;
}

/** Writes `outgoing`'s addresses over `packet`'s and returns what that adds to a sum over them. */
function writeAddresses(view: DataView, at: number, packet: Packet, outgoing: Packet): number {
  const source = checksum.difference32(packet.source3, outgoing.source3);
  const difference = source + checksum.difference32(packet.destination3, outgoing.destination3);
  if (packet.version === 4) {
    ipv4.setSource(view, at, outgoing.source3);
    ipv4.setDestination(view, at, outgoing.destination3);
    ipv4.setChecksum(view, at, checksum.updateBy(ipv4.checksum(view, at), difference));
    return difference;
  }
  const sourceAt = ipv6.sourceAt(at);
  view.setInt32(sourceAt, outgoing.source0);
  view.setInt32(sourceAt + 4, outgoing.source1);
  view.setInt32(sourceAt + 8, outgoing.source2);
  view.setInt32(sourceAt + 12, outgoing.source3);
  const destinationAt = ipv6.destinationAt(at);
  view.setInt32(destinationAt, outgoing.destination0);
  view.setInt32(destinationAt + 4, outgoing.destination1);
  view.setInt32(destinationAt + 8, outgoing.destination2);
  view.setInt32(destinationAt + 12, outgoing.destination3);
  return (
    difference +
    checksum.difference32(packet.source0, outgoing.source0) +
    checksum.difference32(packet.source1, outgoing.source1) +
    checksum.difference32(packet.source2, outgoing.source2) +
    checksum.difference32(packet.destination0, outgoing.destination0) +
    checksum.difference32(packet.destination1, outgoing.destination1) +
    checksum.difference32(packet.destination2, outgoing.destination2)
  );
}

function takeAddresses(packet: Packet, from: Packet): void {
  const { version, protocol, ports } = packet;
  copyTuple(from, packet);
  packet.version = version;
  packet.protocol = protocol;
  packet.ports = ports;
}

/** Writes the original tuple into the quotation that ends at `end` or before: its checksums, too, as far as they are in it. */
function writeQuoted(view: DataView, quoted: Packet, original: Packet, end: number): void {
  const at = quoted.at + quoted.headerBytes;
  const addresses = writeAddresses(view, quoted.at, quoted, original);
  const { protocol } = quoted;
  if (protocol !== Protocol.Tcp && protocol !== Protocol.Udp && protocol !== Protocol.Sctp) return;
  view.setInt32(at, original.ports);
  if (protocol === Protocol.Sctp) return;
  const fieldAt = at + (protocol === Protocol.Tcp ? tcp.CHECKSUM_OFFSET : udp.CHECKSUM_OFFSET);
  if (fieldAt + 2 > end) return;
  const difference = addresses + checksum.difference32(quoted.ports, original.ports);
  view.setUint16(fieldAt, updated(protocol, view.getUint16(fieldAt), difference));
}

/** Fills `error` with the addresses of the error as the quoted packet's sender may see it. */
function replaceError(packet: Packet, quoted: Packet, original: Packet, error: Packet): void {
  copyTuple(packet, error);
  error.destination0 = original.source0;
  error.destination1 = original.source1;
  error.destination2 = original.source2;
  error.destination3 = original.source3;
  const isFromDestination =
    packet.source3 === quoted.destination3 &&
    packet.source2 === quoted.destination2 &&
    packet.source1 === quoted.destination1 &&
    packet.source0 === quoted.destination0;
  if (!isFromDestination) return;
  error.source0 = original.destination0;
  error.source1 = original.destination1;
  error.source2 = original.destination2;
  error.source3 = original.destination3;
}
