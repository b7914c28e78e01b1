/**
 * Exec and attach over a WebSocket.
 *
 *   0 stdin   1 stdout   2 stderr   3 how it ended   4 terminal size   255 N: channel N is closed (v5)
 */
import type { FrameToContainer } from "../../node-streams.ts";
import type { ChannelMessage, ChannelSocket } from "./channel-socket.ts";
import type { CommandClient, CommandStreams } from "./command.ts";
import { type Exit, exitStatus, exitText } from "./exit-status.ts";
import { resizeOf } from "./terminal-size.ts";

export const COMMAND_PROTOCOLS = [
  "v5.channel.k8s.io",
  "v4.channel.k8s.io",
  "v4.base64.channel.k8s.io",
  "v3.channel.k8s.io",
  "v2.channel.k8s.io",
  "channel.k8s.io",
  "base64.channel.k8s.io",
  // None named: as "channel.k8s.io".
  "",
] as const;
export type CommandProtocol = (typeof COMMAND_PROTOCOLS)[number];

const Channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

const SAYS_STATUS: readonly string[] = ["v5.channel.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io"];

export function commandOverWebSocket(
  socket: ChannelSocket,
  protocol: CommandProtocol,
  wanted: CommandStreams,
): CommandClient {
  const canHalfClose = protocol === "v5.channel.k8s.io";
  // As upstream, an empty message tells the client that the streams are there.
  const first = wanted.stdout ? Channel.stdout : wanted.stderr ? Channel.stderr : Channel.error;
  void socket.send(first, new Uint8Array());
  return {
    receive: async take => {
      for await (const message of socket) {
        if (canHalfClose && message.channel === Channel.close && message.data.length !== 1) {
          socket.refuse("one channel follows a stream close signal");
          return;
        }
        const frame = frameOf(message, canHalfClose, wanted);
        if (frame !== undefined) await take(frame);
      }
    },
    write: (output, bytes) => socket.send(Channel[output], bytes),
    finish: async exit => {
      await socket.send(Channel.error, Buffer.from(endText(exit, protocol)));
      socket.close();
    },
  };
}

function endText(exit: Exit, protocol: CommandProtocol): string {
  return SAYS_STATUS.includes(protocol) ? JSON.stringify(exitStatus(exit)) : exitText(exit);
}

/** Undefined for a message that says nothing, or is for a channel that the client did not ask for. */
function frameOf(
  { channel, data }: ChannelMessage,
  canHalfClose: boolean,
  wanted: CommandStreams,
): FrameToContainer | undefined {
  if (channel === Channel.stdin) return wanted.stdin && data.length > 0 ? { stdin: data } : undefined;
  if (channel === Channel.resize) return resizeOf(data.toString());
  const isStdinClosed = channel === Channel.close && data[0] === Channel.stdin;
  return canHalfClose && isStdinClosed ? { stdinClosed: true } : undefined;
}
