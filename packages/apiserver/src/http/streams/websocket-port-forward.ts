/**
 * Port-forward over WebSocket channels: the n-th port of the query has channels 2n, data, and 2n + 1, errors. On each,
 * the port comes first, two bytes in little endian. One connection a port, and neither way can be closed on its own.
 */
import { badRequest, type Pod } from "@podwire/api";
import { SOCKET_MAX_PORTS } from "../../limits.ts";
import type { NodeStreams } from "../../node-streams.ts";
import type { Query } from "../query.ts";
import { Bell } from "./bell.ts";
import type { ChannelSocket } from "./channel-socket.ts";
import { forwardPort, isPort, type PortClient } from "./port-forward.ts";

export const TUNNEL_PROTOCOL = "SPDY/3.1+portforward.k8s.io";
export const PORT_FORWARD_PROTOCOLS = [
  TUNNEL_PROTOCOL,
  "v4.channel.k8s.io",
  "v4.base64.channel.k8s.io",
  // Upstream has no others; clients offer the names of exec's, which mean the same here.
  "v5.channel.k8s.io",
  "channel.k8s.io",
  "",
] as const;

/** `ports=80,81&ports=82`. Throws BadRequest. */
export function readPorts(query: Query): number[] {
  const texts = [...query.getAll("ports"), ...query.getAll("port")];
  if (texts.length === 0) throw badRequest('query parameter "ports" is required');
  const ports = texts.flatMap(text => text.split(","));
  if (ports.length > SOCKET_MAX_PORTS) throw badRequest(`at most ${SOCKET_MAX_PORTS} ports can be forwarded`);
  return ports.map(text => {
    if (/^\d+$/.test(text) && isPort(Number(text))) return Number(text);
    throw badRequest(`unable to parse ${JSON.stringify(text)} as a port: must be 1 to 65535`);
  });
}

/** Bytes of one port that wait to be taken by the Pod: one message, as the socket is then not read. */
class PortInput {
  readonly #changed = new Bell();
  #waiting: Uint8Array | undefined;
  #hasEnded = false;

  async put(bytes: Uint8Array): Promise<void> {
    this.#waiting = bytes;
    this.#changed.ring();
    while (this.#waiting !== undefined && !this.#hasEnded) await this.#changed.next;
  }

  end(): void {
    this.#hasEnded = true;
    this.#changed.ring();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    while (!this.#hasEnded) {
      if (this.#waiting === undefined) await this.#changed.next;
      else {
        yield this.#waiting;
        this.#waiting = undefined;
        this.#changed.ring();
      }
    }
  }
}

/** Resolves when all is over. Never rejects. */
export async function forwardPortsOverChannels(
  nodes: NodeStreams,
  pod: Pod,
  socket: ChannelSocket,
  ports: readonly number[],
): Promise<void> {
  const inputs = ports.map(() => new PortInput());
  const gone = copyInputs(socket, inputs);
  const forwarded = ports.map(async (port, index) => {
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port, 0);
    await socket.send(2 * index, number);
    await socket.send(2 * index + 1, number);
    await forwardPort(nodes, pod, portClient(socket, port, index, inputs[index]!, gone));
    inputs[index]!.end();
  });
  await Promise.all(forwarded);
  socket.close();
}

async function copyInputs(socket: ChannelSocket, inputs: readonly PortInput[]): Promise<void> {
  for await (const { channel, data } of socket) {
    if (channel % 2 === 0 && data.length > 0) await inputs[channel / 2]?.put(data);
  }
  for (const input of inputs) input.end();
}

function portClient(
  socket: ChannelSocket,
  port: number,
  index: number,
  input: PortInput,
  gone: Promise<void>,
): PortClient {
  return {
    port,
    input,
    write: bytes => socket.send(2 * index, bytes),
    // The client is not told, and so will not stop either; that all ports are done it hears by the close.
    closeOutput: () => input.end(),
    fail: message => socket.send(2 * index + 1, Buffer.from(message)),
    gone,
  };
}
