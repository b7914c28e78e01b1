/**
 * Writing `struct iovec` arrays into the arena (readv(2), 64-bit processes, little endian).
 *
 *    0         4         8           12        16
 *   | base low | base high | length   | 0       |     base = arena.address + offset
 *
 * The address has up to 47 bits, so it is kept as two halves: no BigInt, and no allocation.
 */
import type { Arena } from "../ports.ts";

export const IOVEC_BYTES = 16;

const TWO_TO_32 = 0x1_0000_0000;

export class IovecWriter {
  readonly #u32: Uint32Array;
  readonly #addressLow: number;
  readonly #addressHigh: number;

  constructor(arena: Arena) {
    this.#u32 = arena.u32;
    this.#addressLow = arena.address % TWO_TO_32;
    this.#addressHigh = Math.floor(arena.address / TWO_TO_32);
  }

  /** `at`: where the iovec goes, a multiple of 4. `offset`, `length`: the bytes of the arena that it names. */
  write(at: number, offset: number, length: number): void {
    const word = at >>> 2;
    const low = this.#addressLow + offset;
    this.#u32[word] = low;
    this.#u32[word + 1] = low >= TWO_TO_32 ? this.#addressHigh + 1 : this.#addressHigh;
    this.#u32[word + 2] = length;
    this.#u32[word + 3] = 0;
  }
}
