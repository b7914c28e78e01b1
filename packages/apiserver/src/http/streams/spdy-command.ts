/**
 * Exec and attach over SPDY: the client opens a stream for each of `error`, `stdin`, `stdout`, `stderr` and, since v3
 * with a terminal, `resize`, named by the header `streamType`.
 */
import type { Duplex } from "node:stream";
import { STREAM_CREATION_TIMEOUT_MS } from "../../limits.ts";
import type { FrameToContainer } from "../../node-streams.ts";
import { Bell } from "./bell.ts";
import type { CommandClient, CommandStreams } from "./command.ts";
import { exitStatus, exitText } from "./exit-status.ts";
import { SpdyConnection } from "./spdy/connection.ts";
import { Reset } from "./spdy/frames.ts";
import type { SpdyStream } from "./spdy/stream.ts";
import { resizeOf } from "./terminal-size.ts";

/** The last is what a client speaks that names none. */
export const SPDY_COMMAND_PROTOCOLS = [
  "v4.channel.k8s.io",
  "v3.channel.k8s.io",
  "v2.channel.k8s.io",
  "channel.k8s.io",
];

const SIZE_MAX_CHARACTERS = 1024;

type Streams = ReadonlyMap<string, SpdyStream>;

/** Undefined when the client does not open its streams in time, or goes. */
export async function commandOverSpdy(
  socket: Duplex,
  head: Buffer,
  protocol: string | undefined,
  wanted: CommandStreams,
): Promise<CommandClient | undefined> {
  const expected = streamTypes(wanted, protocol);
  const streams = new Map<string, SpdyStream>();
  const opened = new Bell();
  const connection = new SpdyConnection(socket, head, stream => {
    const type = stream.headers.get("streamtype") ?? "";
    if (!expected.includes(type) || streams.has(type)) return stream.reset(Reset.protocolError);
    streams.set(type, stream);
    opened.ring();
  });
  let isOver = false;
  const over = () => {
    isOver = true;
    opened.ring();
  };
  const timer = setTimeout(over, STREAM_CREATION_TIMEOUT_MS);
  void connection.closed.then(over);
  while (streams.size < expected.length && !isOver) await opened.next;
  clearTimeout(timer);
  if (isOver) {
    connection.close();
    return undefined;
  }
  return client(connection, streams, protocol === "v4.channel.k8s.io");
}

function streamTypes({ stdin, stdout, stderr, tty }: CommandStreams, protocol: string | undefined): string[] {
  const canResize = protocol === "v4.channel.k8s.io" || protocol === "v3.channel.k8s.io";
  const asked = { error: true, stdin, stdout, stderr, resize: tty && canResize };
  return Object.entries(asked).flatMap(([type, isAsked]) => (isAsked ? [type] : []));
}

function client(connection: SpdyConnection, streams: Streams, saysStatus: boolean): CommandClient {
  return {
    receive: async take => {
      await Promise.all([takeStdin(streams, take), takeSizes(streams, take), connection.closed]);
    },
    write: async (output, bytes) => streams.get(output)?.write(bytes),
    finish: async exit => {
      const text = saysStatus ? JSON.stringify(exitStatus(exit)) : exitText(exit);
      for (const output of ["stdout", "stderr"]) streams.get(output)?.end();
      await streams.get("error")!.write(Buffer.from(text));
      for (const stream of streams.values()) stream.end();
      connection.close();
    },
  };
}

type Take = (frame: FrameToContainer) => Promise<void>;

async function takeStdin(streams: Streams, take: Take): Promise<void> {
  const stdin = streams.get("stdin");
  if (stdin === undefined) return;
  for await (const bytes of stdin) await take({ stdin: bytes });
  await take({ stdinClosed: true });
}

/** Sizes come as JSON, an object a line. */
async function takeSizes(streams: Streams, take: Take): Promise<void> {
  let text = "";
  for await (const bytes of streams.get("resize") ?? []) {
    const lines = (text + bytes.toString()).split("\n");
    text = lines.pop()!.slice(0, SIZE_MAX_CHARACTERS);
    for (const line of lines) {
      const frame = resizeOf(line);
      if (frame !== undefined) await take(frame);
    }
  }
}
