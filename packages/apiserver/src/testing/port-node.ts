/** A node for tests whose containers echo, and whose Pods' ports are those of this machine's loopback. */
import { once } from "node:events";
import { connect } from "node:net";
import type {
  FrameFromContainer,
  FrameToContainer,
  NodeStream,
  NodeStreams,
  StreamRequest,
} from "../node-streams.ts";

export class PortNode implements NodeStreams {
  readonly asked: StreamRequest[] = [];

  async open(_pod: unknown, _container: string, request: StreamRequest): Promise<NodeStream> {
    this.asked.push(request);
    return "portForward" in request ? dial(request.portForward.port) : echo();
  }
}

/** Prints what it reads; ends with as many as its exit code as it was given sizes. */
function echo(): NodeStream {
  const input: FrameToContainer[] = [];
  let wake = () => {};
  let isClosed = false;
  return {
    send: async frame => {
      input.push(frame);
      wake();
    },
    close: () => {
      isClosed = true;
      wake();
    },
    frames: (async function* (): AsyncGenerator<FrameFromContainer> {
      let sizes = 0;
      for (;;) {
        const frame = input.shift();
        if (frame === undefined) {
          if (isClosed) return;
          await new Promise<void>(resolve => {
            wake = resolve;
          });
        } else if ("stdin" in frame) yield { stdout: frame.stdin };
        else if ("resize" in frame) sizes++;
        else return yield { exit: { code: sizes, message: "" } };
      }
    })(),
  };
}

function dial(port: number): NodeStream {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let failure = "";
  socket.on("error", error => {
    failure = error.message;
  });
  return {
    send: async frame => {
      if ("stdin" in frame && !socket.write(frame.stdin))
        await Promise.race([once(socket, "drain"), once(socket, "close")]);
      else if ("stdinClosed" in frame) socket.end();
    },
    close: () => socket.destroy(),
    frames: (async function* (): AsyncGenerator<FrameFromContainer> {
      try {
        for await (const bytes of socket.iterator({ destroyOnReturn: false })) yield { stdout: bytes };
        yield { stdoutClosed: true };
        if (!socket.closed) await once(socket, "close");
      } catch {
        // Told below.
      }
      yield { exit: { code: failure === "" ? 0 : 1, message: failure } };
    })(),
  };
}
