/**
 * Clients attached to a running container: what it prints from now on goes to each of them, and what they type to its
 * stdin. As upstream, a client that does not take the output holds the container up, and with it the other clients.
 */
import type { Writable } from "node:stream";
import type { LogStream } from "../logs/cri.ts";
import type { Console } from "./console.ts";

export interface AttachOptions {
  stdin: boolean;
  /** Gets what the container prints; the container waits until it resolves. */
  output(stream: LogStream, bytes: Uint8Array): Promise<unknown>;
}

export interface AttachSession {
  /** Undefined when the container has none, or none was asked for. */
  stdin: Writable | undefined;
  /** The client will type no more. */
  endInput(): void;
  /** Size of the terminal; without one it does nothing. */
  resize(columns: number, rows: number): void;
  /** Resolves when the container has ended and its output been handed on. */
  ended: Promise<void>;
  /** The client has gone; the container goes on. */
  detach(): void;
}

/** All that is attached to one run. */
export class Attachments {
  readonly #stdinOnce: boolean;
  readonly #outputs = new Set<AttachOptions["output"]>();
  #console: Console | undefined;
  #tellEnded = (): void => {};
  readonly #ended = new Promise<void>(resolve => {
    this.#tellEnded = resolve;
  });

  constructor(stdinOnce: boolean) {
    this.#stdinOnce = stdinOnce;
  }

  set console(console: Console | undefined) {
    this.#console = console;
  }

  attach({ stdin, output }: AttachOptions): AttachSession {
    this.#outputs.add(output);
    const console = this.#console;
    const input = stdin ? console?.input : undefined;
    const endInput = () => {
      if (input && this.#stdinOnce) input.end();
    };
    return {
      stdin: input,
      endInput,
      resize: (columns, rows) => console?.resize(columns, rows),
      ended: this.#ended,
      detach: () => {
        this.#outputs.delete(output);
        endInput();
      },
    };
  }

  /** Undefined when nobody is attached. */
  tap(stream: LogStream, bytes: Uint8Array): Promise<unknown> | undefined {
    if (this.#outputs.size === 0) return undefined;
    return Promise.all([...this.#outputs].map(output => output(stream, bytes)));
  }

  /** The run has ended, or the daemon lets go of it. */
  close(): void {
    this.#console?.close();
    this.#tellEnded();
  }
}
