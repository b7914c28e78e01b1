/** A connection to a port of a Pod, as a stream that HTTP and TLS can be spoken over. */
import { Duplex } from "node:stream";
import type { Pod } from "@podwire/api";
import type { FrameFromContainer, NodeStream, NodeStreams } from "../../../node-streams.ts";

/** Rejects with an ApiError when the Pod's node cannot be reached. */
export async function connectToPod(
  nodes: NodeStreams,
  pod: Pod,
  port: number,
  address: string | undefined,
): Promise<Duplex> {
  return new PodSocket(await nodes.open(pod, "", { portForward: { port, address } }));
}

class PodSocket extends Duplex {
  readonly #stream: NodeStream;
  readonly #frames: AsyncIterator<FrameFromContainer>;

  constructor(stream: NodeStream) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    this.#frames = stream.frames[Symbol.asyncIterator]();
  }

  override _read(): void {
    this.#frames.next().then(
      ({ value, done }) => this.#take(done ? undefined : value),
      error => this.destroy(error),
    );
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#stream.send({ stdin: bytes }).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#stream.send({ stdinClosed: true }).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stream.close();
    done(error);
  }

  // What HTTP's client asks of a socket. Bounds on time are the node's.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  #take(frame: FrameFromContainer | undefined): void {
    if (frame === undefined || "stdoutClosed" in frame) this.push(null);
    else if ("exit" in frame) {
      if (frame.exit.message === "") this.push(null);
      else this.destroy(new Error(frame.exit.message));
    } else this.push("stdout" in frame ? frame.stdout : frame.stderr);
  }
}
