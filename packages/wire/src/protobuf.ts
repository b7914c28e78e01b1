/**
 * The protobuf wire format, for readers of messages of any kind: varints, length-delimited fields, skipping what is
 * unknown (https://protobuf.dev/programming-guides/encoding/).
 *
 * 64-bit integers are JavaScript numbers: what does not fit is refused rather than rounded.
 */

export const WIRE = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;

/** Bytes that are no message: cut short, or a varint that never ends. The words are those of Go's decoders. */
export class MalformedMessage extends Error {
  override name = "MalformedMessage";
}

const TWO_32 = 2 ** 32;
const VARINT_MAX_BYTES = 10;
const CUT_SHORT = "unexpected EOF";

/** Reads bytes[at, end); every read is bounds-checked and throws MalformedMessage. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
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
    throw new MalformedMessage("proto: integer overflow");
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new MalformedMessage(CUT_SHORT);
    return this.#bytes[this.#at++]!;
  }

  /** Start of a length-delimited field's content, which lies inside of this message; moves behind it. */
  delimited(): { at: number; end: number } {
    const length = this.varint();
    const at = this.#at;
    if (length < 0) throw new MalformedMessage("proto: negative length found during unmarshaling");
    if (length > this.#end - at) throw new MalformedMessage(CUT_SHORT);
    this.#at = at + length;
    return { at, end: this.#at };
  }

  /** The same as a view of the bytes. */
  content(): Uint8Array {
    const { at, end } = this.delimited();
    return this.#bytes.subarray(at, end);
  }

  double(): number {
    const at = this.#at;
    this.#advance(8);
    const { buffer, byteOffset } = this.#bytes;
    return new DataView(buffer, byteOffset + at).getFloat64(0, true);
  }

  skip(wireType: number): void {
    if (wireType === WIRE.varint) this.#skipVarint();
    else if (wireType === WIRE.lengthDelimited) this.delimited();
    else if (wireType === WIRE.fixed64) this.#advance(8);
    else if (wireType === WIRE.fixed32) this.#advance(4);
    else throw new MalformedMessage(`proto: illegal wireType ${wireType}`);
  }

  #skipVarint(): void {
    for (let bytes = 1; this.#byte() >= 0x80; bytes++) {
      if (bytes === VARINT_MAX_BYTES) throw new MalformedMessage("proto: integer overflow");
    }
  }

  #advance(bytes: number): void {
    if (bytes > this.#end - this.#at) throw new MalformedMessage(CUT_SHORT);
    this.#at += bytes;
  }
}

function signed(low: number, high: number): number {
  const value = high >= 2 ** 31 ? (high - TWO_32) * TWO_32 + low : high * TWO_32 + low;
  if (!Number.isSafeInteger(value))
    throw new MalformedMessage("an integer is beyond 2^53, which this server cannot hold exactly");
  return value;
}
