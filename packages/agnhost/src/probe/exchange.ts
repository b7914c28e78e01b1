/** One conversation of `probe` with `probe-serve`: questions, each answered with the source that was seen. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, isIPv6 } from "node:net";

export interface Exchange {
  /** Asks once and resolves to the source address that the other side saw. */
  ask(deadline: AbortSignal): Promise<string>;
  close(): void;
}

/** A datagram may be lost: it is sent again after this. */
const UDP_RESEND_MS = 250;

export async function openTcp(host: string, port: number, deadline: AbortSignal): Promise<Exchange> {
  const socket = connect({ host, port, noDelay: true });
  try {
    await once(socket, "connect", { signal: deadline });
  } catch (cause) {
    socket.destroy();
    throw cause;
  }
  const waiting = new Waiting();
  let line = "";
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    line += text;
    for (let end = line.indexOf("\n"); end >= 0; end = line.indexOf("\n")) {
      waiting.answered(line.slice(0, end));
      line = line.slice(end + 1);
    }
  });
  socket.on("error", cause => waiting.failed(cause));
  socket.on("close", () => waiting.failed(new Error("the connection was closed")));
  return {
    ask: deadline => waiting.ask(deadline, number => socket.write(`${number}\n`)),
    close: () => socket.destroy(),
  };
}

export async function openUdp(host: string, port: number, deadline: AbortSignal): Promise<Exchange> {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  socket.connect(port, host);
  try {
    await once(socket, "connect", { signal: deadline });
  } catch (cause) {
    socket.close();
    throw cause;
  }
  const waiting = new Waiting();
  socket.on("message", bytes => waiting.answered(bytes.toString("latin1")));
  socket.on("error", cause => waiting.failed(cause));
  return {
    ask: async deadline => {
      let resend: NodeJS.Timeout | undefined;
      try {
        return await waiting.ask(deadline, number => {
          const send = (): void => socket.send(String(number));
          send();
          resend = setInterval(send, UDP_RESEND_MS);
        });
      } finally {
        clearInterval(resend);
      }
    },
    close: () => socket.close(),
  };
}

/** The question that is under way; answers to earlier ones are late copies and mean nothing. */
class Waiting {
  #number = 0;
  #resolve: ((source: string) => void) | undefined;
  #reject: ((cause: Error) => void) | undefined;
  #failure: Error | undefined;

  async ask(deadline: AbortSignal, send: (number: number) => void): Promise<string> {
    if (this.#failure) throw this.#failure;
    const expired = (): void => this.#reject?.(deadline.reason as Error);
    deadline.addEventListener("abort", expired, { once: true });
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        deadline.throwIfAborted();
        send(++this.#number);
      });
    } finally {
      deadline.removeEventListener("abort", expired);
    }
  }

  answered(text: string): void {
    const [number, source] = text.split(" ");
    if (Number(number) === this.#number) this.#resolve?.(source ?? "");
  }

  failed(cause: Error): void {
    this.#failure = cause;
    this.#reject?.(cause);
  }
}
