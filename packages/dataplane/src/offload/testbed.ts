/**
 * An arena with a splitter and a merger for the tests of this folder. Between its regions lie guard bytes, which
 * `expectGuards` finds as they were, or somebody wrote out of bounds.
 *
 *   | guard | template | guard | headers | guard | iovecs | guard | merge iovecs | guard | packets … | guard |
 */
import { createArena } from "./arena.ts";
import { createChecksumKernel } from "./checksum-kernel.ts";
import { writeTemplate } from "./fixtures.ts";
import { IOVEC_BYTES } from "./iovec.ts";
import { MAX_MERGED_TCP_SEGMENTS, MAX_MESSAGE_BYTES, MAX_SEGMENTS_PER_MESSAGE } from "./limits.ts";
import { Merger } from "./merge.ts";
import { MESSAGE, Outbox } from "./outbox.ts";
import { ENCAPSULATION_BYTES, Splitter } from "./split.ts";

const GUARD_BYTES = 64;
const GUARD = 0xa5;

export interface TestbedOptions {
  readonly headersBytes?: number;
  readonly iovecCapacity?: number;
  readonly packetsBytes?: number;
  readonly packetCapacity?: number;
}

export class Testbed {
  readonly templateAt: number;
  readonly headersAt: number;
  readonly iovecsAt: number;
  readonly packetsAt: number;
  readonly packetsEnd: number;
  readonly arena;
  readonly outbox;
  readonly splitter;
  readonly merger;
  readonly #guards: number[] = [];

  constructor(options: TestbedOptions = {}) {
    const headersBytes = options.headersBytes ?? 262_144;
    const iovecCapacity = options.iovecCapacity ?? 4_096;
    const packetsBytes = options.packetsBytes ?? 262_144;
    let at = 0;
    const region = (bytes: number) => {
      this.#guards.push(at);
      const start = at + GUARD_BYTES;
      at = (start + bytes + 7) & ~7;
      return start;
    };
    this.templateAt = region(24);
    this.headersAt = region(headersBytes);
    this.iovecsAt = region(iovecCapacity * IOVEC_BYTES);
    const mergeIovecsAt = region(MAX_MERGED_TCP_SEGMENTS * IOVEC_BYTES);
    this.packetsAt = region(packetsBytes);
    this.packetsEnd = this.packetsAt + packetsBytes;
    region(0);
    this.arena = createArena(at);
    for (const guard of this.#guards) this.arena.u8.fill(GUARD, guard, guard + GUARD_BYTES);
    const sum = createChecksumKernel(this.arena);
    const { headersAt, iovecsAt } = this;
    this.outbox = new Outbox(this.arena, { headersAt, headersBytes, iovecsAt, iovecCapacity });
    this.splitter = new Splitter(this.arena, sum, this.outbox);
    const packetCapacity = options.packetCapacity ?? 256;
    this.merger = new Merger(this.arena, sum, {
      packetCapacity,
      iovecsAt: mergeIovecsAt,
      mergeUdp: true,
      seed: 7,
    });
    writeTemplate(this.arena, this.templateAt);
  }

  get template(): Uint8Array {
    return this.arena.u8.slice(this.templateAt, this.templateAt + ENCAPSULATION_BYTES);
  }

  /** Sends to peer 1 and returns what `send` said. */
  send(at: number, end: number, remoteChecksum: boolean, maxPacketBytes = 65_535): number {
    return this.splitter.send(1, 0, at, end, this.templateAt, maxPacketBytes, remoteChecksum);
  }

  expectGuards(): void {
    for (const guard of this.#guards) {
      const bytes = this.arena.u8.subarray(guard, guard + GUARD_BYTES);
      expect(
        bytes.every(byte => byte === GUARD),
        `guard bytes at ${guard} were overwritten`,
      );
    }
  }

  /** The bytes that `count` iovecs name, in one array. */
  gather(iovecsAt: number, count: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const word = (iovecsAt + i * IOVEC_BYTES) >>> 2;
      const [base, high, length, zero] = this.arena.u32.subarray(word, word + 4);
      expect(high === 0 && zero === 0 && length! > 0, `iovec ${i} is ${[base, high, length, zero]}`);
      parts.push(this.arena.u8.subarray(base!, base! + length!));
    }
    return joined(parts);
  }

  /** Every datagram of the outbox, its messages judged against what UDP_SEGMENT allows; empties the outbox. */
  drainDatagrams(): Uint8Array[] {
    const datagrams: Uint8Array[] = [];
    for (let i = 0; i < this.outbox.messageCount; i++) {
      const row = this.outbox.messages.subarray(i * MESSAGE.columns, (i + 1) * MESSAGE.columns);
      const bytes = this.gather(row[MESSAGE.iovecsAt]!, row[MESSAGE.iovecCount]!);
      const size = row[MESSAGE.segmentSize]!;
      expect(bytes.length === row[MESSAGE.bytes], `message ${i}: ${bytes.length} bytes`);
      expect(Math.ceil(bytes.length / size) === row[MESSAGE.segments], `message ${i}: segments`);
      expect(bytes.length <= MAX_MESSAGE_BYTES, `message ${i}: too large`);
      expect(row[MESSAGE.segments]! <= MAX_SEGMENTS_PER_MESSAGE, `message ${i}: too many segments`);
      for (let from = 0; from < bytes.length; from += size) datagrams.push(bytes.subarray(from, from + size));
    }
    this.outbox.reset();
    return datagrams;
  }

  /** Every write of the merger, in order; empties the merger. */
  drainWrites(): { port: number; bytes: Uint8Array; iovecs: number }[] {
    const writes = [];
    for (let i = 0; i < this.merger.count; i++) {
      const iovecs = this.merger.emit(i);
      writes.push({ port: this.merger.port(i), bytes: this.gather(this.merger.iovecsAt, iovecs), iovecs });
    }
    this.merger.reset();
    return writes;
  }
}

/** A small seeded generator (mulberry32) for cases by the hundred thousand. */
export class Dice {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed;
  }

  /** An integer in [0, below). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
