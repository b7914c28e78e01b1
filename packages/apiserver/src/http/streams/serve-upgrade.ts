/**
 * From a request that asks to upgrade to the stream it asks for.
 *
 *   what is asked, of which container -> the client's protocol -> the node's stream -> upgrade -> relay
 *
 * Until the upgrade an error is a Status; after it, it goes where the protocol has a place for errors.
 */
import type { Duplex } from "node:stream";
import { badRequest, type Pod } from "@podwire/api";
import { createWebSocketStream } from "ws";
import type { NodeStream, StreamRequest } from "../../node-streams.ts";
import type { NamedExchange } from "../exchange.ts";
import type { Query } from "../query.ts";
import { ChannelSocket } from "./channel-socket.ts";
import {
  type CommandClient,
  type CommandStreams,
  readAttach,
  readCommandStreams,
  readExec,
  relayCommand,
} from "./command.ts";
import { boundPod, streamTarget } from "./container.ts";
import { commandOverSpdy, SPDY_COMMAND_PROTOCOLS } from "./spdy-command.ts";
import { forwardPortsOverSpdy, SPDY_PORT_FORWARD_PROTOCOLS } from "./spdy-port-forward.ts";
import { acceptSpdy, chooseSpdyProtocol, isSpdyRequest } from "./spdy-upgrade.ts";
import { acceptSocket, chooseProtocol, isWebSocketRequest } from "./websocket.ts";
import { COMMAND_PROTOCOLS, commandOverWebSocket } from "./websocket-command.ts";
import {
  forwardPortsOverChannels,
  PORT_FORWARD_PROTOCOLS,
  readPorts,
  TUNNEL_PROTOCOL,
} from "./websocket-port-forward.ts";

export type UpgradeExchange = Omit<NamedExchange, "response">;

type Serve = (exchange: UpgradeExchange, socket: Duplex, head: Buffer) => Promise<void>;

/** By subresource, of a Pod or, of a proxy, a Service. */
export const UPGRADES: Readonly<Record<string, Serve>> = {
  exec: (exchange, socket, head) => serveCommand(exchange, readExec, socket, head),
  attach: (exchange, socket, head) => serveCommand(exchange, readAttach, socket, head),
  portforward: servePortForward,
  proxy: async (exchange, socket, head) =>
    (await import("./proxy/proxy.ts")).proxyUpgrade(exchange, socket, head),
};

/** Answers the upgrade; undefined when the client has gone or never came as far. */
type Upgrade = (socket: Duplex, head: Buffer) => Promise<CommandClient | undefined>;

async function serveCommand(
  exchange: UpgradeExchange,
  read: (query: Query, wanted: CommandStreams) => StreamRequest,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const wanted = readCommandStreams(exchange.query);
  const request = read(exchange.query, wanted);
  const upgrade = chooseUpgrade(exchange, wanted);
  const { pod, container } = await streamTarget(exchange);
  const stream: NodeStream = await exchange.services.nodeStreams.open(pod, container, request);
  const client = await upgrade(socket, head);
  if (client === undefined) stream.close();
  else await relayCommand(client, stream, wanted);
}

function chooseUpgrade({ request }: UpgradeExchange, wanted: CommandStreams): Upgrade {
  if (isWebSocketRequest(request)) {
    const protocol = chooseProtocol(request, COMMAND_PROTOCOLS);
    return async (socket, head) => {
      const accepted = acceptSocket(request, socket, head, protocol);
      return accepted && commandOverWebSocket(new ChannelSocket(accepted, protocol), protocol, wanted);
    };
  }
  checkSpdy(request);
  const protocol = chooseSpdyProtocol(request, SPDY_COMMAND_PROTOCOLS);
  return (socket, head) => {
    acceptSpdy(socket, protocol);
    return commandOverSpdy(socket, head, protocol, wanted);
  };
}

async function servePortForward(exchange: UpgradeExchange, socket: Duplex, head: Buffer): Promise<void> {
  const { request, services } = exchange;
  const nodes = services.nodeStreams;
  if (isWebSocketRequest(request)) {
    const protocol = chooseProtocol(request, PORT_FORWARD_PROTOCOLS);
    const ports = protocol === TUNNEL_PROTOCOL ? [] : readPorts(exchange.query);
    const pod = await boundPod(exchange);
    const accepted = acceptSocket(request, socket, head, protocol);
    if (accepted === undefined) return;
    if (protocol === TUNNEL_PROTOCOL) tunnel(createWebSocketStream(accepted), pod);
    else await forwardPortsOverChannels(nodes, pod, new ChannelSocket(accepted, protocol), ports);
    return;
  }
  checkSpdy(request);
  const protocol = chooseSpdyProtocol(request, SPDY_PORT_FORWARD_PROTOCOLS);
  const pod = await boundPod(exchange);
  acceptSpdy(socket, protocol);
  tunnel(socket, pod, head);

  function tunnel(transport: Duplex, of: Pod, first: Buffer = Buffer.alloc(0)): void {
    forwardPortsOverSpdy(nodes, of, transport, first);
  }
}

function checkSpdy(request: UpgradeExchange["request"]): void {
  if (isSpdyRequest(request)) return;
  const asked = JSON.stringify(request.headers.upgrade ?? "");
  throw badRequest(`unable to upgrade: upgrade to SPDY/3.1 or websocket is possible, not to ${asked}`);
}
