/**
 * Exec over a WebSocket: what the client types goes to the node, what the process prints comes back, and the exit
 * status ends it. Whoever is faster waits for the other.
 */
import type { Duplex } from "node:stream";
import { badRequest } from "@podwire/api";
import { type WebSocket, WebSocketServer } from "ws";
import { SOCKET_HIGH_WATER_BYTES, SOCKET_MESSAGE_MAX_BYTES } from "../../limits.ts";
import type { ExecRequest, NodeStream } from "../../node-streams.ts";
import { toApiError } from "../../registry/store-errors.ts";
import type { NamedExchange } from "../exchange.ts";
import { type Query, readFlag } from "../query.ts";
import { Channel, exitStatus, frameOf, onChannel, PROTOCOLS } from "./channels.ts";
import { streamTarget } from "./container.ts";

const NORMAL_CLOSURE = 1000;

const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: SOCKET_MESSAGE_MAX_BYTES,
  perMessageDeflate: false,
  handleProtocols: offered => PROTOCOLS.find(each => offered.has(each)) ?? false,
});

type ExecExchange = Omit<NamedExchange, "response">;

/** Throws an `ApiError` while the answer can still be a Status; from the upgrade on, errors go over channel 3. */
export async function execInContainer(exchange: ExecExchange, socket: Duplex, head: Buffer): Promise<void> {
  const { request, services, query } = exchange;
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map(each => each.trim());
  if (!PROTOCOLS.some(each => offered.includes(each))) {
    throw badRequest(
      `exec speaks ${PROTOCOLS.join(" and ")}; the client offers ${offered.join(", ") || "none"}`,
    );
  }
  const exec = readExecRequest(query);
  const { pod, container } = await streamTarget(exchange);
  const stream = await services.nodeStreams.open(pod, container, { exec });
  let isUpgraded = false;
  // Calls back before it returns, or not at all: on a malformed handshake, which it answers, or a closed socket.
  sockets.handleUpgrade(request, socket, head, client => {
    isUpgraded = true;
    void relay(client, stream, query);
  });
  if (!isUpgraded) stream.close();
}

function readExecRequest(query: Query): ExecRequest {
  const command = query.getAll("command");
  if (command.length === 0) throw badRequest("you must specify at least one command for the container");
  return { command, stdin: isSet(query, "stdin"), tty: isSet(query, "tty") };
}

function isSet(query: Query, name: string): boolean {
  return query.has(name) && readFlag(query, name);
}

async function relay(client: WebSocket, stream: NodeStream, query: Query): Promise<void> {
  client.on("close", () => stream.close());
  // A malformed or oversized message: `ws` closes the socket, and that ends the stream.
  client.on("error", () => {});
  client.on("message", data => {
    void forward(client, stream, data as Buffer);
  });
  try {
    await copyOutput(client, stream, query);
  } catch (error) {
    const { message } = toApiError(error);
    await send(client, Channel.status, statusBytes(1, message));
  }
  client.close(NORMAL_CLOSURE);
}

async function forward(client: WebSocket, stream: NodeStream, message: Buffer): Promise<void> {
  const frame = frameOf(message);
  if (frame === undefined) return;
  client.pause();
  try {
    await stream.send(frame);
  } catch {
    // The stream has failed: its frames end with the reason, which goes to the client.
  }
  client.resume();
}

async function copyOutput(client: WebSocket, stream: NodeStream, query: Query): Promise<void> {
  for await (const frame of stream.frames) {
    if ("exit" in frame) {
      await send(client, Channel.status, statusBytes(frame.exit.code, frame.exit.message));
    } else if ("stdout" in frame) {
      if (isSet(query, "stdout")) await send(client, Channel.stdout, frame.stdout);
    } else if (isSet(query, "stderr")) await send(client, Channel.stderr, frame.stderr);
  }
}

function statusBytes(code: number, message: string): Buffer {
  return Buffer.from(JSON.stringify(exitStatus(code, message)));
}

/** Resolves when the client has taken enough of it. */
async function send(client: WebSocket, channel: number, data: Uint8Array): Promise<void> {
  await new Promise<void>(resolve => {
    client.send(onChannel(channel, data), { binary: true }, () => resolve());
    if (client.bufferedAmount < SOCKET_HIGH_WATER_BYTES) resolve();
  });
}
