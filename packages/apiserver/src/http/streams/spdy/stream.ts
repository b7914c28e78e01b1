/**
 * One stream of a SPDY connection: bytes both ways, each way closed on its own.
 *
 *   for await (const bytes of stream) …     // until the peer's FIN; reading makes room for more
 *   await stream.write(bytes);              // resolves when more may be written
 *   stream.end();                           // FIN
 *   stream.reset(Reset.cancel);             // both ways, at once
 */
import { SPDY_WINDOW_BYTES } from "../../../limits.ts";
import { Bell } from "../bell.ts";
import type { Headers } from "./header-block.ts";

/** What a stream asks of its connection. */
export interface StreamPort {
  sendData(stream: SpdyStream, bytes: Uint8Array, fin: boolean): Promise<void>;
  sendReset(stream: SpdyStream, reason: number): void;
  sendWindowUpdate(stream: SpdyStream, bytes: number): void;
  /** Both halves are closed. */
  forget(stream: SpdyStream): void;
}

export class SpdyStream {
  readonly id: number;
  readonly headers: Headers;
  readonly #port: StreamPort;
  readonly #changed = new Bell();
  #received: Buffer[] = [];
  #receivedBytes = 0;
  /** Read by our side and not yet told to the peer. */
  #untold = 0;
  #hasReadEnd = false;
  #hasWriteEnd = false;
  #isReset = false;
  /** What the peer has room for; unlimited as long as it has not shown that it counts (see SpdyConnection). */
  sendWindow = Number.POSITIVE_INFINITY;

  constructor(id: number, headers: Headers, port: StreamPort) {
    this.id = id;
    this.headers = headers;
    this.#port = port;
  }

  /** The peer has reset this stream, we have, or the connection is gone. */
  get isReset(): boolean {
    return this.#isReset;
  }

  /** Whether the peer has sent more than we have read and room for. */
  get isFull(): boolean {
    return this.#receivedBytes > SPDY_WINDOW_BYTES && !this.#isReset;
  }

  /** Resolves at the next change: bytes read or received, window opened, closed. */
  get changed(): Promise<void> {
    return this.#changed.next;
  }

  /** Resolves when the stream is reset, and not when it ends well. */
  async untilReset(): Promise<void> {
    while (!this.#isReset) await this.changed;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const bytes = this.#received.shift();
      if (bytes === undefined) {
        if (this.#hasReadEnd || this.#isReset) return;
        await this.changed;
        continue;
      }
      this.#receivedBytes -= bytes.length;
      this.#untold += bytes.length;
      this.#changed.ring();
      yield bytes;
      if (this.#untold < SPDY_WINDOW_BYTES / 2 || this.#hasReadEnd || this.#isReset) continue;
      this.#port.sendWindowUpdate(this, this.#untold);
      this.#untold = 0;
    }
  }

  /** False: the peer sends after its FIN. */
  receive(bytes: Buffer, fin: boolean): boolean {
    if (this.#hasReadEnd) return false;
    if (bytes.length > 0) {
      this.#received.push(bytes);
      this.#receivedBytes += bytes.length;
    }
    if (fin) this.#hasReadEnd = true;
    this.#settle();
    return true;
  }

  /** The peer has room for more. */
  openWindow(bytes: number): void {
    this.sendWindow += bytes;
    this.#changed.ring();
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      while (this.sendWindow <= 0 && this.#canWrite) await this.changed;
      if (!this.#canWrite) return;
      const piece = bytes.subarray(at, at + Math.min(bytes.length - at, this.sendWindow));
      at += piece.length;
      this.sendWindow -= piece.length;
      await this.#port.sendData(this, piece, false);
    }
  }

  end(): void {
    if (!this.#canWrite) return;
    this.#hasWriteEnd = true;
    void this.#port.sendData(this, new Uint8Array(), true);
    this.#settle();
  }

  reset(reason: number): void {
    if (this.#isReset || (this.#hasReadEnd && this.#hasWriteEnd)) return;
    this.#port.sendReset(this, reason);
    this.abandon();
  }

  /** The peer has reset the stream, or the connection is gone. */
  abandon(): void {
    this.#isReset = true;
    this.#received = [];
    this.#receivedBytes = 0;
    this.#settle();
  }

  get #canWrite(): boolean {
    return !this.#hasWriteEnd && !this.#isReset;
  }

  #settle(): void {
    this.#changed.ring();
    if (this.#isReset || (this.#hasReadEnd && this.#hasWriteEnd)) this.#port.forget(this);
  }
}
