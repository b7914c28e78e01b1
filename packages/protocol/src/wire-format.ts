/**
 * The protobuf wire format, as far as the node contract uses it: varints, length-delimited fields, skipping
 * what is unknown (https://protobuf.dev/programming-guides/encoding/).
 *
 * 64-bit integers are JavaScript numbers: revisions and counts stay far below 2^53, and what does not is
 * refused rather than rounded.
 */

export const WIRE = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;

/** Bytes that are no message of this contract: cut short, or a varint that never ends. */
export class MalformedMessage extends Error {
  override name = "MalformedMessage";
}

const TWO_32 = 2 ** 32;

/** Bytes of the varint of an integer; negative ones are sign-extended to 64 bits and take ten. */
export function varintSize(value: number): number {
  if (value < 0) return 10;
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Writes into a buffer whose size was computed beforehand. */
export class Writer {
  readonly bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  varint(value: number): void {
    if (value < 0) this.#negativeVarint(value);
    else this.#positiveVarint(value);
  }

  #positiveVarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.#at++] = rest;
  }

  #negativeVarint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.#at++] = Number(rest);
  }

  text(value: string, byteLength: number): void {
    this.varint(byteLength);
    this.bytes.write(value, this.#at, byteLength, "utf8");
    this.#at += byteLength;
  }

  blob(value: Uint8Array): void {
    this.varint(value.length);
    this.bytes.set(value, this.#at);
    this.#at += value.length;
  }
}

/** Reads bytes[at, end); every read is bounds-checked and throws MalformedMessage. */
export class Reader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  get more(): boolean {
    return this.#at < this.#end;
  }

  /** A varint of at most 64 bits, taken as a signed one. */
  varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (shift < 28) low += bits * 2 ** shift;
      else if (shift === 28) {
        low += (bits & 0x0f) * 2 ** 28;
        high += bits >> 4;
      } else high += bits * 2 ** (shift - 32);
      if (byte < 0x80) return signed(low, high % TWO_32);
    }
    throw new MalformedMessage("a varint is longer than ten bytes");
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new MalformedMessage("the message ends inside a varint");
    return this.#bytes[this.#at++]!;
  }

  /** Start of a length-delimited field's content, which lies inside of this message; moves behind it. */
  delimited(): { at: number; end: number } {
    const length = this.varint();
    const at = this.#at;
    if (length < 0 || length > this.#end - at) {
      throw new MalformedMessage(
        `a field of ${length} bytes is in a message with ${this.#end - at} bytes left`,
      );
    }
    this.#at = at + length;
    return { at, end: this.#at };
  }

  skip(wireType: number): void {
    if (wireType === WIRE.varint) this.varint();
    else if (wireType === WIRE.lengthDelimited) this.delimited();
    else if (wireType === WIRE.fixed64) this.#advance(8);
    else if (wireType === WIRE.fixed32) this.#advance(4);
    else throw new MalformedMessage(`wire type ${wireType} does not exist in proto3`);
  }

  #advance(bytes: number): void {
    if (bytes > this.#end - this.#at)
      throw new MalformedMessage("the message ends inside a fixed-size field");
    this.#at += bytes;
  }
}

function signed(low: number, high: number): number {
  const value = high >= 2 ** 31 ? (high - TWO_32) * TWO_32 + low : high * TWO_32 + low;
  if (!Number.isSafeInteger(value)) throw new MalformedMessage("an integer is beyond 2^53");
  return value;
}
