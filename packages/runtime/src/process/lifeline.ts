/**
 * A lifeline: a FIFO that a process holds open for as long as it lives, so that whoever reads it learns of its
 * end at once, without being its parent and without polling.
 *
 * The process opens the FIFO for reading and writing: it neither blocks nor is killed when no one listens, and
 * what it writes waits for the next daemon. Open the reader before the process starts, or, after a restart of
 * the daemon, before looking whether the process still runs: then its end cannot fall in between.
 */
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";

export interface FifoEvents {
  data?(bytes: Buffer): void;
  /** Every writer is gone. */
  end(): void;
}

/** Opens the reading end of a FIFO as a stream on the event loop (a plain file stream would block a thread). */
export function openFifo(path: string): Socket {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

export class Lifeline {
  readonly #socket: Socket;
  #ended = false;

  constructor(path: string, events: FifoEvents) {
    this.#socket = openFifo(path);
    this.#socket.on("data", bytes => events.data?.(bytes));
    // A read error means the same to the reader: nothing more will be heard.
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.once("close", () => {
      if (this.#ended) return;
      this.#ended = true;
      events.end();
    });
  }

  /** Stops listening; `end` is not called any more. */
  close(): void {
    this.#ended = true;
    this.#socket.destroy();
  }
}
