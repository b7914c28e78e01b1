/**
 * The framing of exec over WebSocket (`v5.channel.k8s.io`, and v4 without the half-close): each message is one
 * byte that names the channel, then data.
 *
 *   0 stdin   1 stdout   2 stderr   3 the final Status   4 terminal size   255 N: channel N is closed
 */
import type { FrameToContainer } from "../../node-streams.ts";

export const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;

export const Channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

export function onChannel(channel: number, data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(channel), data]);
}

/** What a client's message says; undefined for one that says nothing, or nonsense. */
export function frameOf(message: Buffer): FrameToContainer | undefined {
  const data = message.subarray(1);
  switch (message[0]) {
    case Channel.stdin:
      return data.length > 0 ? { stdin: data } : undefined;
    case Channel.resize:
      return resizeOf(data);
    case Channel.close:
      return data[0] === Channel.stdin ? { stdinClosed: true } : undefined;
    default:
      return undefined;
  }
}

const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

function resizeOf(data: Buffer): FrameToContainer | undefined {
  try {
    const { Width: columns, Height: rows } = JSON.parse(data.toString());
    return isSize(columns) && isSize(rows) ? { resize: { columns, rows } } : undefined;
  } catch {
    return undefined;
  }
}

/** The Status that ends an exec. */
export function exitStatus(code: number, message: string): object {
  if (code === 0 && message === "") return { metadata: {}, status: "Success" };
  if (message !== "") {
    const text = `Internal error occurred: ${message}`;
    const details = { causes: [{ message }] };
    return { metadata: {}, status: "Failure", message: text, reason: "InternalError", details, code: 500 };
  }
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}
