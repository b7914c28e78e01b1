/**
 * Questions to one server over one socket: connected, so that it hears that server alone, on a port that the kernel picks
 * at random. After some questions, or when nothing is asked for a while, the next one opens another, on another port: who
 * wants to answer in the server's place has to guess it anew together with the identifier.
 */
import { createSocket, type Socket } from "node:dgram";
import { LINE_IDLE_MS, QUESTIONS_PER_LINE } from "../limits.ts";
import { type Answered, answerTo } from "./answer-to.ts";
import { familyOf, openSocket, type Server } from "./server-socket.ts";

interface Waiting {
  readonly message: Uint8Array;
  readonly timer: NodeJS.Timeout;
  resolve(answered: Answered): void;
  reject(error: Error): void;
}

export class UdpLine {
  readonly #socket: Socket;
  readonly #server: Server;
  /** By identifier. */
  readonly #waiting = new Map<number, Waiting>();
  #connected: Promise<void>;
  #questions = 0;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(server: Server) {
    this.#server = server;
    const family = familyOf(server);
    const { fd } = openSocket(server, "udp");
    const socket = createSocket({
      type: `udp${family}`,
      lookup: (host, _, done) => done(null, host, family),
    });
    this.#socket = socket;
    socket.on("message", bytes => this.#heard(bytes));
    this.#connected = new Promise(resolve => socket.once("connect", resolve));
    socket.on("error", error => this.#fail(error));
    socket.bind({ fd }, () => socket.connect(server.port, server.address));
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.#questions < QUESTIONS_PER_LINE;
  }

  /** `message` is a whole query of ours. Rejects when there is no answer in time, or nobody listens there. */
  async exchange(message: Uint8Array, timeoutMs: number): Promise<Answered> {
    this.#questions++;
    clearTimeout(this.#idle);
    const id = (message[0]! << 8) | message[1]!;
    const answered = new Promise<Answered>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#take(id);
        reject(new Error(`${this.#server.address}: no answer`));
      }, timeoutMs);
      const other = this.#waiting.get(id);
      clearTimeout(other?.timer);
      other?.reject(new Error(`${this.#server.address}: another question has the same identifier`));
      this.#waiting.set(id, { message, timer, resolve, reject });
    });
    void this.#connected.then(() => {
      if (!this.#isClosed) this.#socket.send(message, error => error && this.#fail(error));
    });
    return answered;
  }

  #heard(bytes: Uint8Array): void {
    const id = bytes.length < 2 ? -1 : (bytes[0]! << 8) | bytes[1]!;
    const waiting = this.#waiting.get(id);
    const answered = waiting && answerTo(waiting.message, bytes);
    if (waiting === undefined || answered === undefined) return;
    this.#take(id);
    waiting.resolve(answered);
  }

  #take(id: number): void {
    clearTimeout(this.#waiting.get(id)?.timer);
    this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    if (!this.isOpen) this.#close();
    else this.#idle = setTimeout(() => this.#close(), LINE_IDLE_MS).unref();
  }

  #fail(error: Error): void {
    this.#close();
    for (const { timer, reject } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#idle);
    this.#socket.close();
  }
}
