/**
 * One question to one server, over a socket of its own: its port is one that the kernel picks at random, and it hears the
 * server alone. An answer counts when identifier, question and direction are right (RFC 5452 §9); whatever else comes is
 * not listened to. An answer that was cut is asked for again over TCP.
 *
 * The socket is opened in a network namespace of choice: the machine's own resolver is reached from there, and the
 * cluster's from the node's.
 */
import { createSocket } from "node:dgram";
import { Socket as TcpSocket } from "node:net";
import { LinuxError, Socket } from "@podwire/linux";
import { FLAG, lowerCase, MAX_MESSAGE_BYTES, type MessageView, readMessage } from "@podwire/wire/dns";

export interface Server {
  readonly address: string;
  readonly port: number;
  /** Descriptor of the network namespace that it is asked from; absent: this process's own. */
  readonly namespace?: number | undefined;
}

export interface Answered {
  readonly bytes: Uint8Array;
  readonly view: MessageView;
}

/** `message` is a whole query. Rejects when there is no answer in time, or the server is not there. */
export async function exchange(server: Server, message: Uint8Array, timeoutMs: number): Promise<Answered> {
  const deadline = Date.now() + timeoutMs;
  const answered = await overUdp(server, message, timeoutMs);
  if ((answered.view.flags & FLAG.truncated) === 0) return answered;
  return overTcp(server, message, Math.max(1, deadline - Date.now()));
}

function overUdp(server: Server, message: Uint8Array, timeoutMs: number): Promise<Answered> {
  const { address, port } = server;
  const family = familyOf(server);
  const { fd } = openSocket(server, "udp");
  const socket = createSocket({ type: `udp${family}`, lookup: (host, _, done) => done(null, host, family) });
  return new Promise<Answered>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${address}: no answer`)), timeoutMs);
    socket.once("close", () => clearTimeout(timer));
    socket.on("error", reject);
    socket.on("message", bytes => {
      const view = answerTo(message, bytes);
      if (view !== undefined) resolve({ bytes, view });
    });
    socket.once("connect", () => socket.send(message, error => error && reject(error)));
    socket.bind({ fd }, () => socket.connect(port, address));
  }).finally(() => socket.close());
}

function overTcp(server: Server, message: Uint8Array, timeoutMs: number): Promise<Answered> {
  const socket = new TcpSocket({ fd: connecting(server) });
  return new Promise<Answered>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${server.address}: no answer over TCP`)), timeoutMs);
    socket.once("close", () => {
      clearTimeout(timer);
      reject(new Error(`${server.address}: closed the connection`));
    });
    socket.on("error", reject);
    let received: Buffer = Buffer.alloc(0);
    socket.on("data", bytes => {
      received = Buffer.concat([received, bytes]);
      const length = received.length < 2 ? MAX_MESSAGE_BYTES : received.readUInt16BE(0);
      if (received.length < 2 + length) return;
      const answer = received.subarray(2, 2 + length);
      const view = answerTo(message, answer);
      if (view === undefined) reject(new Error(`${server.address}: answered another question`));
      else resolve({ bytes: answer, view });
    });
    const framed = Buffer.alloc(2 + message.length);
    framed.writeUInt16BE(message.length);
    framed.set(message, 2);
    socket.write(framed);
  }).finally(() => socket.destroy());
}

/** A descriptor of a socket on its way to be connected. */
function connecting(server: Server): number {
  const socket = openSocket(server, "tcp");
  try {
    socket.connect(server.address, server.port);
  } catch (error) {
    if (error instanceof LinuxError && error.code === "EINPROGRESS") return socket.fd;
    socket.close();
    throw error;
  }
  return socket.fd;
}

function openSocket(server: Server, type: "udp" | "tcp"): Socket {
  const { namespace } = server;
  const where = namespace === undefined ? {} : { namespace };
  return Socket.open({ family: familyOf(server), type, nonBlocking: true, ...where });
}

function familyOf({ address }: Server): 4 | 6 {
  return address.includes(":") ? 6 : 4;
}

function answerTo(query: Uint8Array, bytes: Uint8Array): MessageView | undefined {
  const asked = readMessage(query)!;
  const view = readMessage(bytes);
  const isAnswer =
    view !== undefined &&
    view.id === asked.id &&
    (view.flags & FLAG.response) !== 0 &&
    view.type === asked.type &&
    view.class === asked.class &&
    view.questionEnd === asked.questionEnd &&
    lowerCase(view.name) === lowerCase(asked.name);
  return isAnswer ? view : undefined;
}
