/** Questions over UDP: each datagram is one, and gets one back or nothing. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { UDP_RECEIVE_BUFFER_BYTES } from "./limits.ts";

export type Answer = Uint8Array | undefined;
/** Never rejects. */
export type Respond = (message: Uint8Array, client: string) => Answer | Promise<Answer>;

const NOTHING = () => {};

/** Rejects when the address or port cannot be had. */
export async function serveUdp(address: string, port: number, respond: Respond): Promise<Socket> {
  const socket = createSocket({
    type: address.includes(":") ? "udp6" : "udp4",
    recvBufferSize: UDP_RECEIVE_BUFFER_BYTES,
    // Addresses are all that is ever sent to: they need no looking up, and no turn of the event loop for it.
    lookup: (host, _, done) => done(null, host, host.includes(":") ? 6 : 4),
  });
  socket.on("message", (message, client) => {
    if (client.port === 0) return;
    const answer = respond(message, client.address);
    if (answer instanceof Promise) void answer.then(later => send(socket, later, client));
    else send(socket, answer, client);
  });
  const listening = once(socket, "listening");
  socket.bind(port, address);
  await listening;
  // What the network says of a client that has gone is nobody's concern.
  socket.on("error", NOTHING);
  return socket;
}

function send(socket: Socket, answer: Answer, { port, address }: RemoteInfo): void {
  if (answer !== undefined) socket.send(answer, port, address, NOTHING);
}
