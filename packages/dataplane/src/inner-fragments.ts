/**
 * Fragmenting an inner IPv4 packet whose sender left DF clear (RFC 791 §3.2, RFC 1812 §5.2.7): a router's job, and
 * so ours. The outer packet is never fragmented.
 *
 *   the packet:      | IP header, options | payload … |
 *   each fragment:   | room | IP header   |  in a slot of the outbox, and its part of the payload where it lies
 *                      room: 22 bytes, for the template towards a peer or the virtio-net header towards a TUN
 *
 * All fragments but the last carry a multiple of eight bytes. Later fragments carry only the options that are
 * marked to be copied; the others become no-operations, as Linux does it. A fragment may be fragmented again.
 */
import { Counter, type Counters, Drop, TargetKind, targetIndex, targetKind } from "@podwire/tables";
import { ipv4, virtio } from "@podwire/wire";
import type { Deliverer } from "./deliver.ts";
import type { Encapsulator } from "./encapsulate.ts";
import { type ChecksumKernel, completeAt, ENCAPSULATION_BYTES } from "./offload/index.ts";
import type { Packet } from "./packet.ts";
import type { Arena } from "./ports.ts";

const OPTION_END = 0;
const OPTION_NOOP = 1;
const OPTION_COPIED = 0x80;

export class InnerFragments {
  readonly #arena: Arena;
  readonly #sum: ChecksumKernel;
  readonly #encapsulator: Encapsulator;
  readonly #deliverer: Deliverer;
  readonly #counters: Counters;

  constructor(
    arena: Arena,
    sum: ChecksumKernel,
    encapsulator: Encapsulator,
    deliverer: Deliverer,
    counters: Counters,
  ) {
    this.#arena = arena;
    this.#sum = sum;
    this.#encapsulator = encapsulator;
    this.#deliverer = deliverer;
    this.#counters = counters;
  }

  /** Sends the packet to `to` in fragments of at most `mtu` bytes. Returns 0 or the reason of the last refusal. */
  send(packet: Packet, to: number, lane: number, mtu: number): number {
    const { view } = this.#arena;
    const { at, length, headerBytes } = packet;
    const step = (mtu - headerBytes) & ~7;
    if (step <= 0) return Drop.tooBig;
    if (packet.needsChecksum !== 0) {
      completeAt(view, this.#sum, at, at + length, packet.checksumStart, packet.checksumOffset);
    }
    const slotBytes = (ENCAPSULATION_BYTES + headerBytes + 3) & ~3;
    const count = Math.ceil((length - headerBytes) / step);
    const { outbox } = this.#encapsulator;
    if (!outbox.fits(count * slotBytes, count * 2)) this.#encapsulator.flush();
    const word = ipv4.fragment(view, at);
    let reason: number = Drop.none;
    for (let done = headerBytes; done < length; done += step) {
      const bytes = Math.min(step, length - done);
      const slotAt = outbox.takeHeaders(slotBytes);
      const isLast = done + bytes === length;
      // A fragment that is fragmented again keeps its MF bit on the last piece.
      const more = isLast ? word & ipv4.MORE_FRAGMENTS : ipv4.MORE_FRAGMENTS;
      const fragmentWord = more | ((word & 0x1fff) + ((done - headerBytes) >> 3));
      this.#writeHeader(packet, slotAt + ENCAPSULATION_BYTES, fragmentWord, bytes);
      const refusal = this.#emit(to, lane, slotAt, headerBytes, at + done, bytes);
      if (refusal !== Drop.none) reason = refusal;
    }
    packet.isQueued = 1;
    this.#counters.add(Counter.innerFragmentsMade, count);
    return reason;
  }

  #writeHeader(packet: Packet, to: number, fragmentWord: number, payloadBytes: number): void {
    const { view, u8 } = this.#arena;
    u8.copyWithin(to, packet.at, packet.at + packet.headerBytes);
    ipv4.setTotalLength(view, to, packet.headerBytes + payloadBytes);
    ipv4.setFragment(view, to, fragmentWord);
    const isFirst = ipv4.fragmentOffset(view, to) === 0;
    if (!isFirst) blankOptions(u8, to + ipv4.MIN_HEADER_BYTES, to + packet.headerBytes);
    ipv4.complete(view, to);
  }

  #emit(
    to: number,
    lane: number,
    slotAt: number,
    headerBytes: number,
    payloadAt: number,
    payloadBytes: number,
  ): number {
    const index = targetIndex(to);
    if (targetKind(to) === TargetKind.peer) {
      this.#encapsulator.sendPieces(index, lane, 4, slotAt, headerBytes, payloadAt, payloadBytes);
      return Drop.none;
    }
    const headerAt = slotAt + ENCAPSULATION_BYTES - virtio.HEADER_BYTES;
    virtio.clear(this.#arena.view, headerAt);
    const bytes = virtio.HEADER_BYTES + headerBytes;
    return this.#deliverer.write(index, headerAt, bytes, payloadAt, payloadBytes);
  }
}

/** Overwrites the options in [at, end) that belong to the first fragment only. Malformed ones end the walk. */
function blankOptions(u8: Uint8Array, at: number, end: number): void {
  let option = at;
  while (option < end) {
    const type = u8[option]!;
    if (type === OPTION_END) return;
    if (type === OPTION_NOOP) {
      option++;
      continue;
    }
    const bytes = option + 1 < end ? u8[option + 1]! : 0;
    if (bytes < 2 || option + bytes > end) return;
    if ((type & OPTION_COPIED) === 0) u8.fill(OPTION_NOOP, option, option + bytes);
    option += bytes;
  }
}
