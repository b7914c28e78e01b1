/**
 * The node's end of one exec, attach or log stream: frames in both directions, with backpressure.
 *
 *   for await (const frame of attachment.frames) …     // stdin, resize, stdinClosed from the client
 *   await attachment.send({ case: "stdout", value });  // resolves when there is room for more
 *   await attachment.end({ code: 0, message: "" });    // the last frame
 */
import { once } from "node:events";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import type { Exit, Frame } from "@podwire/protocol";

export class Attachment {
  readonly #call: ClientDuplexStream<Frame, Frame>;
  readonly #closed: Promise<void>;
  #open = true;
  #read = false;

  constructor(call: ClientDuplexStream<Frame, Frame>, streamId: string) {
    this.#call = call;
    // However the call ends, gRPC tells its status last; the error of a failed one is told by `frames` ending.
    this.#closed = new Promise(resolve => call.once("status", () => resolve()));
    this.#closed.then(() => this.#close());
    call.on("error", () => undefined);
    call.write({ streamId, frame: { case: undefined } });
  }

  /** Ends when the client is gone, however it went: read it (or `discardInput`) to hear of that. */
  get frames(): AsyncIterable<Frame["frame"]> {
    this.#read = true;
    return frames(this.#call);
  }

  /** For streams without input, such as logs. */
  discardInput(): void {
    this.#read = true;
    this.#call.resume();
  }

  /** False: the client is gone and whatever produces the output may stop. */
  async send(frame: Frame["frame"]): Promise<boolean> {
    if (!this.#open) return false;
    if (!this.#call.write({ streamId: "", frame }))
      await Promise.race([once(this.#call, "drain"), this.#closed]);
    return this.#open;
  }

  async end(exit: Exit): Promise<void> {
    if (!(await this.send({ case: "exit", value: exit }))) return;
    this.#call.end();
    // gRPC tells how the call ended only to a reader.
    if (!this.#read) this.discardInput();
    await this.#closed;
  }

  /** Cuts the stream without an exit frame; the client is told that its stream broke. */
  cancel(): void {
    this.#close();
    this.#call.cancel();
  }

  #close(): void {
    this.#open = false;
  }
}

async function* frames(call: ClientDuplexStream<Frame, Frame>): AsyncGenerator<Frame["frame"]> {
  try {
    // The call outlives a reader that stops early: `end` or `cancel` ends it.
    for await (const { frame } of call.iterator({ destroyOnReturn: false }) as AsyncIterable<Frame>)
      yield frame;
  } catch {
    // A cut stream and an ended one are the same to whoever reads: there is no more input.
  }
}
