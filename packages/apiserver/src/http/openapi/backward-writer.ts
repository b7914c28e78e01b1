/**
 * Writes protobuf from its end to its start: what is inside a message is there before its length is written, so
 * nothing is measured beforehand or moved afterwards.
 */
const FIRST_BYTES = 64 * 1024;

export class BackwardWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  /** Everything behind it is written. */
  #at = FIRST_BYTES;

  written(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  text(number: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#at -= length;
    this.#bytes.write(value, this.#at);
    this.#head(number, length);
  }

  flag(number: number, value: boolean): void {
    this.#varint(value ? 1 : 0);
    this.#varint(number * 8);
  }

  /** `inside` writes the message's fields, the last one first. */
  delimited(number: number, inside: () => void): void {
    const end = this.#bytes.length - this.#at;
    inside();
    this.#head(number, this.#bytes.length - this.#at - end);
  }

  #head(number: number, length: number): void {
    this.#varint(length);
    this.#varint(number * 8 + 2);
  }

  #varint(value: number): void {
    let size = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
    this.#reserve(size);
    this.#at -= size;
    let rest = value;
    for (let at = this.#at; at < this.#at + size - 1; at++) {
      this.#bytes[at] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at + size - 1] = rest;
  }

  #reserve(size: number): void {
    if (this.#at >= size) return;
    const used = this.#bytes.length - this.#at;
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2 + size);
    this.#bytes.copy(larger, larger.length - used, this.#at);
    this.#bytes = larger;
    this.#at = larger.length - used;
  }
}
