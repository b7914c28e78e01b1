/**
 * A WebSocket whose messages belong to channels: `channel.k8s.io` and its kin. A message is the channel's number, one
 * byte, then data; in the `base64` variants a digit, then the data in Base64, as text.
 *
 *   for await (const { channel, data } of socket) …      // until the client has gone
 *   await socket.send(channel, data);                    // resolves when the client has taken enough
 */
import type { WebSocket } from "ws";
import { SOCKET_HIGH_WATER_BYTES, STREAM_HEARTBEAT_MS } from "../../limits.ts";
import { Bell } from "./bell.ts";

const NORMAL_CLOSURE = 1000;
const PROTOCOL_ERROR = 1002;
const DIGIT_ZERO = 0x30;

export interface ChannelMessage {
  readonly channel: number;
  readonly data: Buffer;
}

export class ChannelSocket {
  readonly #socket: WebSocket;
  readonly #isBase64: boolean;
  readonly #changed = new Bell();
  #received: ChannelMessage[] = [];

  constructor(socket: WebSocket, protocol: string) {
    this.#socket = socket;
    this.#isBase64 = protocol.includes("base64");
    socket.on("message", data => this.#receive(data as Buffer));
    socket.once("close", () => this.#changed.ring());
    // A client that has gone while it is not being read is only found by writing to it.
    const heartbeat = setInterval(() => socket.ping(), STREAM_HEARTBEAT_MS).unref();
    socket.once("close", () => clearInterval(heartbeat));
  }

  /** Messages are read one by one: while the reader is busy, the client waits. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ChannelMessage> {
    for (;;) {
      const message = this.#received.shift();
      if (message !== undefined) {
        yield message;
        continue;
      }
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      this.#socket.resume();
      await this.#changed.next;
    }
  }

  async send(channel: number, data: Uint8Array): Promise<void> {
    const message = this.#isBase64
      ? channel + Buffer.from(data.buffer, data.byteOffset, data.length).toString("base64")
      : Buffer.concat([Buffer.of(channel), data]);
    await new Promise<void>(resolve => {
      this.#socket.send(message, () => resolve());
      if (this.#socket.bufferedAmount < SOCKET_HIGH_WATER_BYTES) resolve();
    });
  }

  close(): void {
    // What the client still sends is not waited for, but its answer to the close is.
    this.#socket.resume();
    this.#socket.close(NORMAL_CLOSURE);
  }

  /** The client does not speak the protocol. */
  refuse(why: string): void {
    this.#socket.resume();
    this.#socket.close(PROTOCOL_ERROR, why);
  }

  #receive(message: Buffer): void {
    if (message.length === 0 || this.#socket.readyState !== this.#socket.OPEN) return;
    const data = message.subarray(1);
    const channel = message[0]! - (this.#isBase64 ? DIGIT_ZERO : 0);
    this.#received.push({
      channel,
      data: this.#isBase64 ? Buffer.from(data.toString("latin1"), "base64") : data,
    });
    this.#socket.pause();
    this.#changed.ring();
  }
}
