/**
 * Port-forward over SPDY (`portforward.k8s.io`): each connection is a pair of streams, `error` and `data`, of one
 * `requestID`; a client so old that it sends none opens them one after the other.
 */
import type { Duplex } from "node:stream";
import type { Pod } from "@podwire/api";
import { STREAM_CREATION_TIMEOUT_MS } from "../../limits.ts";
import type { NodeStreams } from "../../node-streams.ts";
import { forwardPort, isPort, type PortClient } from "./port-forward.ts";
import { SpdyConnection } from "./spdy/connection.ts";
import { Reset } from "./spdy/frames.ts";
import type { SpdyStream } from "./spdy/stream.ts";

export const SPDY_PORT_FORWARD_PROTOCOLS = ["portforward.k8s.io"];

interface Half {
  readonly stream: SpdyStream;
  readonly timer: NodeJS.Timeout;
}

export function forwardPortsOverSpdy(nodes: NodeStreams, pod: Pod, transport: Duplex, head: Buffer): void {
  const waiting = new Map<string, Half>();
  const connection = new SpdyConnection(transport, head, stream => {
    const type = stream.headers.get("streamtype");
    const port = Number(stream.headers.get("port"));
    if (!isPort(port) || (type !== "data" && type !== "error")) return stream.reset(Reset.protocolError);
    const id = stream.headers.get("requestid") ?? String(type === "error" ? stream.id : stream.id - 2);
    const half = waiting.get(id);
    if (half === undefined) {
      waiting.set(id, { stream, timer: setTimeout(() => expire(id), STREAM_CREATION_TIMEOUT_MS) });
      return;
    }
    if (half.stream.headers.get("streamtype") === type) return stream.reset(Reset.protocolError);
    clearTimeout(half.timer);
    waiting.delete(id);
    const [data, error] = type === "data" ? [stream, half.stream] : [half.stream, stream];
    void forwardPort(nodes, pod, pair(port, data, error));
  });
  const expire = (id: string) => {
    waiting.get(id)?.stream.reset(Reset.cancel);
    waiting.delete(id);
  };
  void connection.closed.then(() => {
    for (const { timer } of waiting.values()) clearTimeout(timer);
  });
}

function pair(port: number, data: SpdyStream, error: SpdyStream): PortClient {
  const closeOutput = () => {
    data.end();
    // Clients wait for it: an error stream that ends empty says that all went well.
    error.end();
  };
  return {
    port,
    input: data,
    write: bytes => data.write(bytes),
    closeOutput,
    fail: async message => {
      await error.write(Buffer.from(message));
      error.end();
      data.reset(Reset.cancel);
    },
    gone: data.untilReset(),
  };
}
