/**
 * The server's end of a SPDY/3.1 connection, over a socket or over a WebSocket that carries one (KEP-4006).
 *
 *   bytes -> frames -> SYN_STREAM: reply, hand the stream over | data: to its stream | PING: answer | …
 *
 * Reading stops while a stream holds more than its window, and while the peer does not take our answers, so what a
 * connection holds is bounded. A frame that is none ends the connection with GOAWAY.
 *
 * Flow control: we tell the peer what we have read, a stream at a time. Clients in Go (spdystream) neither count nor
 * tell, and rely on TCP; a peer's window is kept from its first WINDOW_UPDATE or SETTINGS on.
 */
import type { Duplex } from "node:stream";
import {
  SPDY_CLOSE_GRACE_MS,
  SPDY_MAX_STREAMS,
  SPDY_WINDOW_BYTES,
  STREAM_HEARTBEAT_MS,
} from "../../../limits.ts";
import { Bell } from "../bell.ts";
import {
  controlFrame,
  dataHeader,
  FLAG_FIN,
  FrameReader,
  type Incoming,
  Reset,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SpdyError,
  Type,
} from "./frames.ts";
import { HeaderReader, HeaderWriter } from "./header-block.ts";
import { SpdyStream } from "./stream.ts";

const GOAWAY_OK = 0;
const GOAWAY_PROTOCOL_ERROR = 1;
const STREAM_ID = 0x7fffffff;

export class SpdyConnection {
  readonly #transport: Duplex;
  readonly #accept: (stream: SpdyStream) => void;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #headerReader = new HeaderReader();
  readonly #headerWriter = new HeaderWriter();
  readonly #drained = new Bell();
  readonly #heartbeat: NodeJS.Timeout;
  /** Resolves when the connection is gone, whoever ended it. Never rejects. */
  readonly closed: Promise<void>;
  #lastStream = 0;
  #isClosing = false;
  /** A new stream's send window, once the peer has shown that it counts. */
  #initialWindow = Number.POSITIVE_INFINITY;
  #pings = 0;

  /** `accept` gets each stream that the peer opens, after the reply. */
  constructor(transport: Duplex, head: Buffer, accept: (stream: SpdyStream) => void) {
    this.#transport = transport;
    this.#accept = accept;
    this.closed = new Promise(resolve => transport.once("close", () => resolve()));
    transport.on("error", () => transport.destroy());
    transport.on("drain", () => this.#drained.ring());
    transport.once("close", () => this.#abandon());
    // A peer that has gone while its data is not being read is only found by writing to it. Server's ids are even.
    this.#heartbeat = setInterval(() => {
      this.#pings += 2;
      this.#send(controlFrame(Type.ping, 0, this.#pings));
    }, STREAM_HEARTBEAT_MS);
    this.#heartbeat.unref();
    void this.#read(head);
  }

  /** Sends what has been written, then GOAWAY; a peer that does not close then is cut off. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#end(GOAWAY_OK);
  }

  async #read(head: Buffer): Promise<void> {
    const reader = new FrameReader();
    try {
      for (const frame of reader.read(head)) await this.#take(frame);
      for await (const bytes of this.#transport.iterator({ destroyOnReturn: false })) {
        for (const frame of reader.read(bytes as Buffer)) await this.#take(frame);
      }
      this.#transport.destroy();
    } catch (error) {
      if (!(error instanceof SpdyError)) return void this.#transport.destroy();
      this.#end(GOAWAY_PROTOCOL_ERROR);
      this.#abandon();
      // What else comes is of no interest, but that the peer closes is.
      this.#transport.resume();
    }
  }

  async #take(frame: Incoming): Promise<void> {
    if (frame.kind === "data") return this.#takeData(frame.stream, frame.bytes, frame.fin);
    const { type, flags, body } = frame;
    if (type === Type.synStream) this.#open(flags, body);
    else if (type === Type.rstStream) this.#streams.get(word(body, 0) & STREAM_ID)?.abandon();
    else if (type === Type.settings) this.#settings(body);
    else if (type === Type.windowUpdate) this.#windowUpdate(word(body, 0) & STREAM_ID, word(body, 4));
    // Answered when it is the peer's, whose ids are odd; otherwise it answers one of ours.
    else if (type === Type.ping && word(body, 0) % 2 === 1)
      this.#send(controlFrame(Type.ping, 0, word(body, 0)));
    else if (type === Type.synReply || type === Type.headers) {
      // Nothing that we do depends on them, but the compression context does.
      this.#headerReader.read(body.subarray(4));
      if (type === Type.headers && (flags & FLAG_FIN) !== 0)
        await this.#takeData(word(body, 0), Buffer.alloc(0), true);
    } else if (type === Type.goAway) this.#isClosing = true;
    while (this.#transport.writableNeedDrain && !this.#transport.destroyed) await this.#drained.next;
  }

  async #takeData(id: number, bytes: Buffer, fin: boolean): Promise<void> {
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      // What was under way when we reset or ended it; a stream that never was is a fault.
      if (id === 0 || id > this.#lastStream) throw new SpdyError(`data for stream ${id}, which is not open`);
      return;
    }
    if (!stream.receive(bytes, fin)) stream.reset(Reset.protocolError);
    while (stream.isFull) await stream.changed;
  }

  #open(flags: number, body: Buffer): void {
    const id = word(body, 0) & STREAM_ID;
    // Read in any case: what comes later is compressed against it.
    const headers = this.#headerReader.read(body.subarray(10));
    if (id % 2 === 0 || id <= this.#lastStream) throw new SpdyError(`stream ${id} after ${this.#lastStream}`);
    this.#lastStream = id;
    if (this.#isClosing || this.#streams.size >= SPDY_MAX_STREAMS) {
      this.#send(controlFrame(Type.rstStream, 0, id, Reset.refusedStream));
      return;
    }
    const stream = new SpdyStream(id, headers, {
      sendData: (_, bytes, end) => this.#sendData(id, bytes, end),
      sendReset: (_, reason) => this.#send(controlFrame(Type.rstStream, 0, id, reason)),
      sendWindowUpdate: (_, bytes) => this.#send(controlFrame(Type.windowUpdate, 0, id, bytes)),
      forget: () => this.#streams.delete(id),
    });
    stream.sendWindow = this.#initialWindow;
    this.#streams.set(id, stream);
    this.#send(controlFrame(Type.synReply, 0, id, this.#headerWriter.write(new Map())));
    this.#accept(stream);
    if ((flags & FLAG_FIN) !== 0) stream.receive(Buffer.alloc(0), true);
  }

  #settings(body: Buffer): void {
    const count = word(body, 0);
    if (count * 8 !== body.length - 4) throw new SpdyError("SETTINGS of a wrong length");
    for (let at = 4; at < body.length; at += 8) {
      if ((word(body, at) & 0xffffff) === SETTINGS_INITIAL_WINDOW_SIZE) this.#count(word(body, at + 4));
    }
  }

  /** The peer counts, with this much room in a stream of which it has read nothing. */
  #count(window: number): void {
    for (const stream of this.#streams.values()) {
      const before = Number.isFinite(stream.sendWindow) ? this.#initialWindow : 0;
      if (before === 0) stream.sendWindow = 0;
      stream.openWindow(window - before);
    }
    this.#initialWindow = window;
  }

  #windowUpdate(id: number, bytes: number): void {
    if (!Number.isFinite(this.#initialWindow)) this.#count(SPDY_WINDOW_BYTES);
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (bytes === 0 || stream.sendWindow + bytes > STREAM_ID) stream.reset(Reset.flowControlError);
    else stream.openWindow(bytes);
  }

  async #sendData(id: number, bytes: Uint8Array, fin: boolean): Promise<void> {
    this.#transport.cork();
    this.#send(dataHeader(id, bytes.length, fin));
    if (bytes.length > 0) this.#send(bytes);
    this.#transport.uncork();
    while (this.#transport.writableNeedDrain && !this.#transport.destroyed) await this.#drained.next;
  }

  #send(bytes: Uint8Array): void {
    if (this.#transport.writable) this.#transport.write(bytes);
  }

  #end(status: number): void {
    this.#isClosing = true;
    this.#send(controlFrame(Type.goAway, 0, this.#lastStream, status));
    this.#transport.end();
    setTimeout(() => this.#transport.destroy(), SPDY_CLOSE_GRACE_MS).unref();
  }

  #abandon(): void {
    clearInterval(this.#heartbeat);
    for (const stream of [...this.#streams.values()]) stream.abandon();
    this.#drained.ring();
  }
}

function word(body: Buffer, at: number): number {
  if (body.length < at + 4) throw new SpdyError("a control frame that is cut short");
  return body.readUInt32BE(at);
}
