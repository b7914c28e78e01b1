/**
 * Exec and attach: what the client types goes to the node, what the process prints comes back, and how it ended comes
 * last. Whoever is faster waits for the other. What carries it, WebSocket or SPDY, is a CommandClient.
 */
import { badRequest } from "@podwire/api";
import type { FrameToContainer, NodeStream, StreamRequest } from "../../node-streams.ts";
import { toApiError } from "../../registry/store-errors.ts";
import { type Query, readFlag } from "../query.ts";
import type { Exit } from "./exit-status.ts";

export interface CommandStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface CommandClient {
  /** Hands on what the client sends; resolves when the client has gone. Waits for each frame to be taken. */
  receive(take: (frame: FrameToContainer) => Promise<void>): Promise<void>;
  /** Resolves when the client takes more. */
  write(output: "stdout" | "stderr", bytes: Uint8Array): Promise<void>;
  /** Says how it ended, then closes. */
  finish(exit: Exit): Promise<void>;
}

/** Which streams a client wants. Throws BadRequest, as upstream's kubelet. */
export function readCommandStreams(query: Query): CommandStreams {
  const isSet = (name: string) => query.has(name) && readFlag(query, name);
  const tty = isSet("tty");
  // A terminal has one output.
  const streams = { stdin: isSet("stdin"), stdout: isSet("stdout"), stderr: isSet("stderr") && !tty, tty };
  if (streams.stdin || streams.stdout || streams.stderr) return streams;
  throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
}

export function readExec(query: Query, { stdin, tty }: CommandStreams): StreamRequest {
  const command = query.getAll("command");
  if (command.length === 0) throw badRequest("you must specify at least one command for the container");
  return { exec: { command, stdin, tty } };
}

export function readAttach(_query: Query, { stdin, stdout, stderr }: CommandStreams): StreamRequest {
  return { attach: { stdin, stdout, stderr } };
}

/** Resolves when the client has been told the end, or has gone. Never rejects. */
export async function relayCommand(
  client: CommandClient,
  stream: NodeStream,
  wanted: CommandStreams,
): Promise<void> {
  void client.receive(frame => stream.send(frame)).finally(() => stream.close());
  await client.finish(await copyOutput(client, stream, wanted));
}

async function copyOutput(client: CommandClient, stream: NodeStream, wanted: CommandStreams): Promise<Exit> {
  try {
    for await (const frame of stream.frames) {
      if ("exit" in frame) return frame.exit;
      if ("stdout" in frame && wanted.stdout) await client.write("stdout", frame.stdout);
      else if ("stderr" in frame && wanted.stderr) await client.write("stderr", frame.stderr);
    }
    return { code: 1, message: "the node ended the stream without saying how the command ended" };
  } catch (error) {
    return { code: 1, message: toApiError(error).message };
  }
}
