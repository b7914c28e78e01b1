/**
 * Questions over UDP: each datagram is one, and gets one back or nothing.
 *
 *   the event loop sees a datagram -> it, and all that wait behind it in batches -> those answers that are known, in batches
 *                                                                               -> the others one by one, when they are
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { Datagrams, SO, SOL, Socket as SystemSocket } from "@podwire/linux";
import { MAX_BATCHES_AT_ONCE, UDP_RECEIVE_BUFFER_BYTES } from "./limits.ts";

export type Answer = Uint8Array | undefined;
/** Never rejects. */
export type Respond = (message: Uint8Array, client: string) => Answer | Promise<Answer>;

const NOTHING = () => {};

/** Rejects when the address or port cannot be had. */
export async function serveUdp(address: string, port: number, respond: Respond): Promise<Socket> {
  const family = address.includes(":") ? 6 : 4;
  const descriptor = bound(family, address, port);
  const socket = createSocket({
    type: `udp${family}`,
    // Addresses are all that is ever sent to: they need no looking up, and no turn of the event loop for it.
    lookup: (host, _, done) => done(null, host, family),
  });
  const datagrams = new Datagrams(descriptor);
  /** The answer now; what comes later is sent then. */
  const answer = (message: Uint8Array, client: string, clientPort: number): Answer => {
    const given = respond(message, client);
    if (!(given instanceof Promise)) return given;
    void given.then(later => send(socket, later, { address: client, port: clientPort }));
    return undefined;
  };
  socket.on("message", (message, client) => {
    if (client.port !== 0) send(socket, answer(message, client.address, client.port), client);
    // A full batch may not be all: but whatever else the event loop has to do has its turn as well.
    for (let batch = 0; batch < MAX_BATCHES_AT_ONCE; batch++) if (!datagrams.serve(answer)) break;
  });
  const listening = once(socket, "listening");
  socket.bind({ fd: descriptor });
  await listening;
  // What the network says of a client that has gone is nobody's concern.
  socket.on("error", NOTHING);
  return socket;
}

function bound(family: 4 | 6, address: string, port: number): number {
  const socket = SystemSocket.open({ family, type: "udp", nonBlocking: true });
  try {
    socket.setOption(SOL.socket, SO.receiveBufferForce, UDP_RECEIVE_BUFFER_BYTES);
    socket.bind(address, port);
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket.fd;
}

function send(socket: Socket, answer: Answer, { address, port }: Pick<RemoteInfo, "address" | "port">): void {
  if (answer !== undefined) socket.send(answer, port, address, NOTHING);
}
