/** Writes the protobuf wire format (https://protobuf.dev/programming-guides/encoding/); its reader is `wire`'s. */

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
