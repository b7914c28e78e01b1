/**
 * A PacketIo that makes mutated packets up as they are read: valid templates with bytes overwritten, cut, grown,
 * their checksums sometimes put right again so that the damage gets past the first checks. It also looks at
 * everything that the pipeline writes: iovecs inside the pipeline's own memory, lengths that add up, IP headers
 * that hold.
 */
import { ipv4, ipv6, virtio } from "@podwire/wire";
import { IOVEC_BYTES } from "../offload/index.ts";
import { type Arena, FAILED, LANES, type PacketIo, RECEIVED } from "../ports.ts";
import type { Random } from "./random.ts";

const EAGAIN = 11;
const EMSGSIZE = 90;
const MESSAGES = 32;
const SLOT_BYTES = 65_536;
const INTERESTING = [0, 1, 0x06, 0x11, 0x3a, 0x45, 0x7f, 0x80, 0xff];

export class FuzzIo implements PacketIo {
  readonly arena: Arena;
  readonly received = new Int32Array(MESSAGES * RECEIVED.columns);
  readonly failed = new Int32Array(8 * FAILED.columns);
  /** Packets made, super-packets and datagrams counted as one each. */
  made = 0;
  /** Datagrams that `flush` refused; they were forwarded before. */
  refused = 0;
  readsLeft = 0;
  messagesLeft = 0;
  readonly #random: Random;
  readonly #reads: readonly Uint8Array[];
  readonly #datagrams: readonly Uint8Array[];
  readonly #sources: readonly Uint8Array[];
  readonly #start: number;
  readonly #end: number;
  #queued = 0;

  /** `start`, `end`: what belongs to the pipeline; sources of messages lie behind it. */
  constructor(
    arena: Arena,
    random: Random,
    start: number,
    end: number,
    reads: readonly Uint8Array[],
    datagrams: readonly Uint8Array[],
    sources: readonly Uint8Array[],
  ) {
    this.arena = arena;
    this.#random = random;
    this.#start = start;
    this.#end = end;
    this.#reads = reads;
    this.#datagrams = datagrams;
    this.#sources = sources;
    for (const [index, source] of sources.entries()) arena.u8.set(source, end + index * 16);
  }

  readTun(_port: number, at: number, capacity: number): number {
    if (this.readsLeft === 0) return -EAGAIN;
    this.readsLeft--;
    this.made++;
    return this.#mutated(this.#random.pick(this.#reads), at, virtio.HEADER_BYTES, capacity);
  }

  receiveUnderlay(at: number, _capacity: number): number {
    const count = Math.min(this.messagesLeft, 1 + this.#random.below(MESSAGES));
    if (count === 0) return -EAGAIN;
    this.messagesLeft -= count;
    for (let index = 0; index < count; index++) this.#message(index, at + index * SLOT_BYTES);
    return count;
  }

  #message(index: number, at: number): void {
    const random = this.#random;
    const template = random.pick(this.#datagrams);
    const bytes = this.#mutated(template, at, 22, SLOT_BYTES);
    let length = bytes;
    let size = Math.max(1, bytes);
    if (random.oneIn(4) && bytes > 0) {
      // A merged message: more datagrams of the same size, the last perhaps shorter.
      for (let more = random.below(6); more > 0 && length + bytes <= 16_384; more--) {
        length += this.#mutatedTo(template, at + length, bytes);
      }
      if (random.oneIn(3)) length -= random.below(size);
    } else if (random.oneIn(200)) size = 1 + random.below(size);
    const row = index * RECEIVED.columns;
    this.received[row + RECEIVED.at] = at;
    this.received[row + RECEIVED.length] = length;
    this.received[row + RECEIVED.segmentSize] = size;
    // The first source is a known peer.
    const source = random.oneIn(20) ? random.below(this.#sources.length) : 0;
    this.received[row + RECEIVED.sourceAt] = this.#end + source * 16;
    this.received[row + RECEIVED.tos] = random.oneIn(4) ? random.below(256) : 0;
    this.made += Math.max(1, Math.ceil(length / size));
  }

  /** Writes a mutation of `template`, whose IP packet is at `ipOffset`, and says how long it is. */
  #mutated(template: Uint8Array, at: number, ipOffset: number, capacity: number): number {
    const random = this.#random;
    const { u8, view } = this.arena;
    u8.set(template, at);
    let length = template.length;
    if (random.oneIn(12)) length = random.below(length + 1);
    else if (random.oneIn(40)) length = Math.min(capacity, length + random.below(64));
    // Half of the damage goes to the headers.
    const headers = Math.min(length, ipOffset + 64);
    for (let count = random.below(4); count > 0 && length > 0; count--) {
      const offset = random.oneIn(2) ? random.below(length) : random.below(Math.max(1, headers));
      u8[at + offset] = random.oneIn(2) ? random.pick(INTERESTING) : random.below(256);
    }
    const ipAt = at + ipOffset;
    const whole = length >= ipOffset + 24;
    // Another port, and so another flow.
    if (whole && random.oneIn(3) && u8[ipAt] === 0x45) view.setUint16(ipAt + 20, random.below(65_536));
    if (whole && !random.oneIn(8) && u8[ipAt] === 0x45) ipv4.complete(view, ipAt);
    return length;
  }

  #mutatedTo(template: Uint8Array, at: number, length: number): number {
    this.#mutated(template, at, 22, length);
    return length;
  }

  writeTun(port: number, iovecsAt: number, iovecCount: number): number {
    const length = this.#checkIovecs(iovecsAt, iovecCount);
    const at = this.arena.u32[iovecsAt >>> 2]!;
    const first = this.arena.u32[(iovecsAt >>> 2) + 2]!;
    if (port > 3) throw new Error(`write to port ${port}`);
    if (first < virtio.HEADER_BYTES + 20) throw new Error(`first iovec of ${first} bytes`);
    this.#checkIp(at + virtio.HEADER_BYTES, length - virtio.HEADER_BYTES);
    return this.#random.oneIn(200) ? -EAGAIN : length;
  }

  queueUnderlay(
    _peer: number,
    lane: number,
    tos: number,
    iovecsAt: number,
    iovecCount: number,
    bytes: number,
    segmentSize: number,
  ): void {
    if (lane < 0 || lane >= LANES || tos < 0 || tos > 3) throw new Error(`lane ${lane}, TOS ${tos}`);
    if (this.#checkIovecs(iovecsAt, iovecCount) !== bytes) throw new Error("lengths do not add up");
    if (segmentSize > bytes || Math.ceil(bytes / segmentSize) > 64) throw new Error("not for UDP_SEGMENT");
    if (segmentSize > 1472) throw new Error(`a datagram of ${segmentSize} bytes`);
    this.#queued++;
  }

  flush(): number {
    const failures = this.#queued > 0 && this.#random.oneIn(50) ? 1 : 0;
    this.#queued = 0;
    if (failures === 0) return 0;
    this.failed[FAILED.peer] = 1;
    this.failed[FAILED.errno] = this.#random.oneIn(2) ? EMSGSIZE : EAGAIN;
    this.failed[FAILED.pathMtu] = this.#random.below(1600);
    this.failed[FAILED.datagrams] = 1;
    this.refused++;
    return 1;
  }

  setPeer(): void {}

  #checkIovecs(iovecsAt: number, iovecCount: number): number {
    const { u32 } = this.arena;
    let length = 0;
    for (let word = iovecsAt >>> 2, index = 0; index < iovecCount; index++, word += IOVEC_BYTES / 4) {
      const at = u32[word]!;
      const bytes = u32[word + 2]!;
      if (at < this.#start || at + bytes > this.#end || bytes === 0) throw new Error(`iovec ${at}+${bytes}`);
      length += bytes;
    }
    return length;
  }

  #checkIp(at: number, length: number): void {
    const { view } = this.arena;
    if (view.getUint8(at) >> 4 === 6) {
      if (ipv6.totalLength(view, at) !== length) throw new Error("IPv6 length");
      return;
    }
    if (ipv4.totalLength(view, at) !== length) throw new Error("IPv4 length");
    if (ipv4.checksumFits(view, at) !== 0) throw new Error("IPv4 checksum");
  }
}
