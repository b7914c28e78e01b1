/**
 * Exec, attach, log and port-forward streams: the control plane asks (OpenStream), the node dials back and relays.
 *
 *   client <-> API server <-> Attachment <-> the command's stdin, stdout, stderr | the log's text | a connection
 *
 * The last frame is always `exit`, unless the client has gone: then the command is hung up on and the log let go.
 */
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Attachment } from "@podwire/client/node-sync";
import type { AttachTo, Exec, Logs, OpenStream, PortForward } from "@podwire/protocol";
import type { AttachSession, ExecSession, Runtime } from "@podwire/runtime";
import { HALF_CLOSED_IDLE_MS, MAX_STREAMS } from "./limits.ts";

export class Streams {
  readonly #runtime: Runtime;
  readonly #attach: (streamId: string) => Attachment;
  #open = 0;

  constructor(runtime: Runtime, attach: (streamId: string) => Attachment) {
    this.#runtime = runtime;
    this.#attach = attach;
  }

  /** Serves one request to its end. Never rejects: what goes wrong is told to the client. */
  async serve(request: OpenStream): Promise<void> {
    const attachment = this.#attach(request.streamId);
    this.#open++;
    try {
      if (this.#open > MAX_STREAMS)
        throw new Error(`this node has ${MAX_STREAMS} streams open: close one first`);
      if (request.kind.case === "exec") await this.#exec(attachment, request, request.kind.value);
      else if (request.kind.case === "attach") await this.#attachTo(attachment, request, request.kind.value);
      else if (request.kind.case === "logs") await this.#logs(attachment, request, request.kind.value);
      else if (request.kind.case === "portForward")
        await forwardPort(attachment, await this.#dial(request, request.kind.value));
      else throw new Error("the control plane asked for a kind of stream that this node does not know");
    } catch (error) {
      await attachment.end({ code: 1, message: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#open--;
    }
  }

  async #exec(attachment: Attachment, request: OpenStream, exec: Exec): Promise<void> {
    const session = this.#runtime.exec(request.pod.uid, request.container, exec);
    void takeInput(attachment, session);
    const outputs = [relay(session.stdout, value => attachment.send({ case: "stdout", value }))];
    if (session.stderr)
      outputs.push(relay(session.stderr, value => attachment.send({ case: "stderr", value })));
    const code = await session.ended;
    await Promise.all(outputs);
    await attachment.end({ code, message: "" });
  }

  async #attachTo(attachment: Attachment, { pod, container }: OpenStream, wanted: AttachTo): Promise<void> {
    const session = this.#runtime.attach(pod.uid, container, {
      stdin: wanted.stdin,
      output: async (stream, value) => {
        if (wanted[stream]) await attachment.send({ case: stream, value });
      },
    });
    const gone = takeTyped(attachment, session);
    await Promise.race([session.ended, gone]);
    session.detach();
    // How the container ended is told by its Pod's status.
    await attachment.end({ code: 0, message: "" });
  }

  #dial({ pod }: OpenStream, { port, address }: PortForward): Promise<Socket> {
    return this.#runtime.dial(pod.uid, port, address || undefined);
  }

  async #logs(attachment: Attachment, request: OpenStream, logs: Logs): Promise<void> {
    const gone = new AbortController();
    void untilGone(attachment).then(() => gone.abort());
    const options = {
      follow: logs.follow,
      previous: logs.previous,
      timestamps: logs.timestamps,
      ...(logs.tailLines >= 0 ? { tailLines: logs.tailLines } : {}),
      ...(logs.sinceTimeMs > 0 ? { sinceTimeMs: logs.sinceTimeMs } : {}),
      ...(logs.limitBytes > 0 ? { limitBytes: logs.limitBytes } : {}),
    };
    for await (const value of this.#runtime.logs(request.pod.uid, request.container, options, gone.signal)) {
      if (!(await attachment.send({ case: "stdout", value }))) return;
    }
    await attachment.end({ code: 0, message: "" });
  }
}

/** One connection of a pod: both ways, each closed on its own. */
async function forwardPort(attachment: Attachment, socket: Socket): Promise<void> {
  let failure: Error | undefined;
  socket.once("error", error => {
    failure = error;
  });
  const closed = new Promise<void>(resolve => socket.once("close", () => resolve()));
  void takeBytes(attachment, socket);
  await relay(socket, value => attachment.send({ case: "stdout", value }));
  if (!failure) {
    await attachment.send({ case: "stdoutClosed", value: true });
    socket.setTimeout(HALF_CLOSED_IDLE_MS, () => socket.destroy());
    await closed;
  }
  await attachment.end({ code: 0, message: failure?.message ?? "" });
}

async function takeBytes(attachment: Attachment, socket: Socket): Promise<void> {
  for await (const frame of attachment.frames) {
    if (frame.case === "stdin") await write(socket, frame.value);
    else if (frame.case === "stdinClosed") socket.end();
  }
  // Gone without saying that it was done.
  if (!socket.writableEnded) socket.destroy();
}

/** The client's frames to the command; the command is hung up on when the client goes. */
async function takeInput(attachment: Attachment, session: ExecSession): Promise<void> {
  for await (const frame of attachment.frames) {
    if (frame.case === "stdin") await write(session.stdin, frame.value);
    else if (frame.case === "stdinClosed") session.stdin?.end();
    else if (frame.case === "resize") session.resize(frame.value.columns, frame.value.rows);
  }
  session.hangUp();
}

/** The client's frames to a container; resolves when the client has gone. */
async function takeTyped(attachment: Attachment, session: AttachSession): Promise<void> {
  for await (const frame of attachment.frames) {
    if (frame.case === "stdin") await write(session.stdin, frame.value);
    else if (frame.case === "stdinClosed") session.endInput();
    else if (frame.case === "resize") session.resize(frame.value.columns, frame.value.rows);
  }
}

/** Waits for room, so that a fast client cannot fill this process with what the command does not read. */
async function write(input: Writable | undefined, bytes: Uint8Array): Promise<void> {
  if (!input?.writable || input.write(bytes)) return;
  await new Promise<void>(resolve => {
    const go = () => {
      input.off("drain", go).off("close", go);
      resolve();
    };
    input.once("drain", go).once("close", go);
  });
}

/** Hands on what a stream yields; goes on reading, for nobody, when the client has gone. */
async function relay(output: Readable, send: (bytes: Uint8Array) => Promise<boolean>): Promise<void> {
  output.on("data", (bytes: Buffer) => {
    output.pause();
    void send(bytes).then(() => output.resume());
  });
  await finished(output, { writable: false }).catch(() => {
    // A broken pipe ends the output as its end does; the exit code tells the rest.
  });
}

async function untilGone(attachment: Attachment): Promise<void> {
  for await (const _ of attachment.frames) {
    // A log stream has no input.
  }
}
