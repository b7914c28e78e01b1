/**
 * Questions over TCP (RFC 7766): each behind two bytes with its length, as many as a client likes one after the other
 * without waiting; answers as they are ready, in any order.
 */
import { createServer, type Server, type Socket } from "node:net";
import {
  MAX_TCP_CONNECTIONS,
  MAX_TCP_CONNECTIONS_PER_CLIENT,
  MAX_TCP_PIPELINED,
  MAX_TCP_UNSENT_BYTES,
  TCP_IDLE_MS,
} from "./limits.ts";
import type { Answer, Respond } from "./udp.ts";

const LENGTH_BYTES = 2;
const EMPTY = Buffer.alloc(0);

/** Rejects when the address or port cannot be had. */
export async function serveTcp(address: string, port: number, respond: Respond): Promise<Server> {
  const connections = new Map<string, number>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    const client = socket.remoteAddress ?? "";
    const open = connections.get(client) ?? 0;
    if (client === "" || open >= MAX_TCP_CONNECTIONS_PER_CLIENT) {
      socket.destroy();
      return;
    }
    connections.set(client, open + 1);
    socket.once("close", () => {
      const left = connections.get(client)! - 1;
      if (left > 0) connections.set(client, left);
      else connections.delete(client);
    });
    new Connection(socket, message => respond(message, client));
  });
  server.maxConnections = MAX_TCP_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen({ host: address, port, ipv6Only: true }, resolve);
  });
  server.on("error", () => {});
  return server;
}

class Connection {
  readonly #socket: Socket;
  readonly #respond: (message: Uint8Array) => Answer | Promise<Answer>;
  #unread: Buffer = EMPTY;
  #waiting = 0;
  #ended = false;

  constructor(socket: Socket, respond: (message: Uint8Array) => Answer | Promise<Answer>) {
    this.#socket = socket;
    this.#respond = respond;
    socket.setTimeout(TCP_IDLE_MS, () => {
      if (this.#waiting === 0) socket.destroy();
    });
    socket.on("error", () => socket.destroy());
    socket.on("data", bytes => this.#read(bytes));
    socket.on("drain", () => this.#takeMore());
    socket.on("end", () => {
      this.#ended = true;
      this.#endWhenDone();
    });
  }

  #read(bytes: Buffer): void {
    this.#unread = this.#unread.length > 0 ? Buffer.concat([this.#unread, bytes]) : bytes;
    this.#takeMore();
  }

  /** As many whole queries as may be under way. */
  #takeMore(): void {
    while (this.#hasRoom()) {
      const message = this.#next();
      if (message === undefined) break;
      this.#waiting++;
      const answer = this.#respond(message);
      if (answer instanceof Promise) void answer.then(later => this.#answered(later, true));
      else this.#answered(answer, false);
    }
    if (this.#hasRoom()) this.#socket.resume();
    else this.#socket.pause();
    this.#endWhenDone();
  }

  #hasRoom(): boolean {
    return this.#waiting < MAX_TCP_PIPELINED && this.#socket.writableLength < MAX_TCP_UNSENT_BYTES;
  }

  #next(): Buffer | undefined {
    if (this.#unread.length < LENGTH_BYTES) return undefined;
    const end = LENGTH_BYTES + this.#unread.readUInt16BE(0);
    if (this.#unread.length < end) return undefined;
    const message = this.#unread.subarray(LENGTH_BYTES, end);
    this.#unread = this.#unread.subarray(end);
    return message;
  }

  #answered(answer: Answer, isLater: boolean): void {
    this.#waiting--;
    if (this.#socket.destroyed) return;
    // Over TCP silence would leave the client waiting: who sends what is no query is let go.
    if (answer === undefined) this.#socket.destroy();
    else {
      const framed = Buffer.allocUnsafe(LENGTH_BYTES + answer.length);
      framed.writeUInt16BE(answer.length, 0);
      framed.set(answer, LENGTH_BYTES);
      this.#socket.write(framed);
    }
    if (isLater) this.#takeMore();
  }

  #endWhenDone(): void {
    if (this.#ended && this.#waiting === 0 && !this.#socket.writableEnded) this.#socket.end();
  }
}
