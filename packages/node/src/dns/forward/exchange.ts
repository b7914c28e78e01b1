/**
 * One question to one server: over UDP, and over TCP when the answer was cut (RFC 7766 §5). An answer counts when
 * identifier, question and direction are right; whatever else comes is not listened to.
 */
import { Socket as TcpSocket } from "node:net";
import { FLAG, MAX_MESSAGE_BYTES } from "@podwire/wire/dns";
import { type Answered, answerTo } from "./answer-to.ts";
import { connecting, type Server } from "./server-socket.ts";
import { UdpLine } from "./udp-line.ts";

/** The line that the next question to a server goes over. */
const lines = new WeakMap<Server, UdpLine>();

/** `message` is a whole query. Rejects when there is no answer in time, or the server is not there. */
export async function exchange(server: Server, message: Uint8Array, timeoutMs: number): Promise<Answered> {
  const deadlineMs = performance.now() + timeoutMs;
  const answered = await lineTo(server).exchange(message, timeoutMs);
  if ((answered.view.flags & FLAG.truncated) === 0) return answered;
  return overTcp(server, message, Math.max(1, deadlineMs - performance.now()));
}

function lineTo(server: Server): UdpLine {
  const known = lines.get(server);
  if (known?.isOpen) return known;
  const line = new UdpLine(server);
  lines.set(server, line);
  return line;
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
      const answered = answerTo(message, received.subarray(2, 2 + length));
      if (answered === undefined) reject(new Error(`${server.address}: answered another question`));
      else resolve(answered);
    });
    const framed = Buffer.alloc(2 + message.length);
    framed.writeUInt16BE(message.length);
    framed.set(message, 2);
    socket.write(framed);
  }).finally(() => socket.destroy());
}
