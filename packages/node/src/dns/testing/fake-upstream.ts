/**
 * A name server on loopback that does as it is told: answers over UDP and TCP what `answer` says, late or never, and counts
 * what it was asked.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import {
  FLAG,
  HEADER_BYTES,
  MAX_MESSAGE_BYTES,
  MessageWriter,
  parseQuery,
  type Query,
  type ResourceRecord,
  TYPE,
} from "@podwire/wire/dns";

export interface FakeAnswer {
  readonly rcode?: number;
  readonly answers?: readonly ResourceRecord[];
  readonly authority?: readonly ResourceRecord[];
  /** Over UDP, without its records: ask again over TCP. */
  readonly truncated?: boolean;
  readonly delayMs?: number;
  /** Changes the bytes before they are sent; undefined: nothing is sent. */
  readonly spoil?: (message: Uint8Array) => Uint8Array | undefined;
}

export class FakeUpstream {
  readonly address: string;
  readonly asked: string[] = [];
  answer: (query: Query) => FakeAnswer | undefined = () => undefined;
  readonly #udp: Socket;
  readonly #tcp: Server;
  readonly #writer = new MessageWriter(new Uint8Array(MAX_MESSAGE_BYTES));
  port: number;
  #isClosed = false;

  /** Port 0: any. */
  constructor(address = "127.0.0.1", port = 0) {
    this.address = address;
    this.port = port;
    this.#udp = createSocket(address.includes(":") ? "udp6" : "udp4");
    this.#udp.on("message", (message, client) => {
      this.#reply(message, false, bytes => this.#udp.send(bytes, client.port, client.address, () => {}));
    });
    this.#tcp = createServer(socket => {
      socket.on("error", () => socket.destroy());
      socket.on("data", bytes => {
        this.#reply(bytes.subarray(2), true, message => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(message.length);
          socket.write(Buffer.concat([length, message]));
        });
      });
    });
  }

  async start(): Promise<this> {
    this.#tcp.listen(this.port, this.address);
    await once(this.#tcp, "listening");
    this.port = (this.#tcp.address() as { port: number }).port;
    this.#udp.bind(this.port, this.address);
    await once(this.#udp, "listening");
    return this;
  }

  close(): void {
    this.#isClosed = true;
    this.#udp.close();
    this.#tcp.close();
  }

  #reply(message: Uint8Array, isTcp: boolean, send: (bytes: Uint8Array) => void): void {
    const query = parseQuery(message) as Query;
    const type = Object.entries(TYPE).find(([, number]) => number === query.type)?.[0] ?? query.type;
    this.asked.push(`${query.name} ${type}${isTcp ? " tcp" : ""}`);
    const answer = this.answer(query);
    if (answer === undefined) return;
    const { rcode = 0, answers = [], authority = [], truncated = false, delayMs = 0, spoil } = answer;
    this.#writer.begin(query.id, message.subarray(HEADER_BYTES, query.questionEnd), MAX_MESSAGE_BYTES);
    const isCut = truncated && !isTcp;
    for (const record of isCut ? [] : answers) this.#writer.record("answer", record);
    for (const record of authority) this.#writer.record("authority", record);
    this.#writer.opt(1232, 0, false);
    const flags = FLAG.response | FLAG.recursionAvailable | (isCut ? FLAG.truncated : 0);
    const written = this.#writer.finish(flags, rcode);
    const bytes = spoil ? spoil(written) : written;
    if (bytes === undefined) return;
    setTimeout(() => {
      if (!this.#isClosed) send(bytes);
    }, delayMs);
  }
}
