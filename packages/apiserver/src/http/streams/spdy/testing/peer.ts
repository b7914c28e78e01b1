/** A client for tests that counts nothing, as spdystream: frames out, frames in. */
import type { Duplex } from "node:stream";
import { controlFrame, dataHeader, FrameReader, type Incoming, Type } from "../frames.ts";
import { HeaderWriter } from "../header-block.ts";

export class Peer {
  readonly socket: Duplex;
  readonly headers = new HeaderWriter();
  readonly #frames: AsyncIterator<Incoming>;

  constructor(socket: Duplex) {
    this.socket = socket;
    this.#frames = framesOf(socket);
  }

  open(id: number, headers: Record<string, string> = {}, flags = 0): void {
    const block = this.headers.write(new Map(Object.entries(headers)));
    this.socket.write(controlFrame(Type.synStream, flags, id, 0, Buffer.alloc(2), block));
  }

  data(id: number, bytes: Buffer | string, fin = false): void {
    const data = Buffer.from(bytes);
    this.socket.write(Buffer.concat([dataHeader(id, data.length, fin), data]));
  }

  /** The next frame that is no heartbeat and no window update, unless asked for. */
  async next(type?: number): Promise<Incoming | undefined> {
    for (;;) {
      const { value, done } = await this.#frames.next();
      if (done) return undefined;
      const frame = value as Incoming;
      const isNoise = frame.kind === "control" && frame.type === Type.windowUpdate;
      if (type === undefined ? !isNoise : frame.kind === "control" && frame.type === type) return frame;
    }
  }
}

async function* framesOf(socket: Duplex): AsyncGenerator<Incoming> {
  const reader = new FrameReader();
  for await (const bytes of socket) yield* reader.read(bytes as Buffer);
}
