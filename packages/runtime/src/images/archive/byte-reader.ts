/** Bytes of a stream, taken in the pieces that its reader asks for. Holds one chunk of the source at a time. */
import { ImageError } from "../image-error.ts";

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #what: string;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;

  /** `what` is named when the source ends too early. */
  constructor(source: AsyncIterable<Uint8Array>, what: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#what = what;
  }

  /** How many bytes have been taken. */
  get offset(): number {
    return this.#at;
  }

  /** Exactly this many bytes; undefined when the source has ended before the first of them. */
  async take(bytes: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    let missing = bytes;
    while (missing > 0) {
      const part = await this.#next(missing);
      if (!part && parts.length === 0) return undefined;
      if (!part) throw this.#truncated();
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** This many bytes, in pieces. */
  async *pieces(bytes: number): AsyncGenerator<Buffer> {
    for (let missing = bytes; missing > 0; ) {
      const part = await this.#next(missing);
      if (!part) throw this.#truncated();
      missing -= part.length;
      yield part;
    }
  }

  async skip(bytes: number): Promise<void> {
    for await (const _ of this.pieces(bytes));
  }

  /** Everything that is left, in pieces. */
  async *rest(): AsyncGenerator<Buffer> {
    for (;;) {
      const part = await this.#next(Number.POSITIVE_INFINITY);
      if (!part) return;
      yield part;
    }
  }

  async #next(most: number): Promise<Buffer | undefined> {
    while (this.#chunk.length === 0) {
      const { value, done } = await this.#source.next();
      if (done) return undefined;
      this.#chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const part = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(part.length);
    this.#at += part.length;
    return part;
  }

  #truncated(): ImageError {
    return new ImageError(
      `${this.#what}: ends after ${this.#at} bytes, in the middle of an entry: it is truncated`,
    );
  }
}
