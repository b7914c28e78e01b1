/**
 * One call's way out: changes as the node takes them, answers in between.
 *
 * `changes` resolves when the node has taken them, so the caller reads no further until then. Answers
 * (acknowledgements, requests to open streams) do not wait: they are queued and go with the next batch.
 * A node that takes nothing for the drain timeout, or lets answers pile up, rejects the writer with
 * SlowNode.
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { concatenateBatch, type FromNode, LIMITS as PROTOCOL_LIMITS, ToNode } from "@podwire/protocol";
import { LIMITS } from "./limits.ts";
import type { EncodedChange } from "./translate.ts";

/** The node does not keep up with its stream. */
export class SlowNode extends Error {
  override name = "SlowNode";
}

/** The call has ended; there is nobody to write to. */
export class CallEnded extends Error {
  override name = "CallEnded";
}

export type SyncCall = ServerDuplexStream<FromNode, Buffer>;

export class Outgoing {
  readonly #call: SyncCall;
  readonly #ended: AbortSignal;
  readonly #drainTimeoutMs: number;
  readonly #failed: (error: SlowNode) => void;
  #answers: Buffer[] = [];
  #flushing = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(call: SyncCall, ended: AbortSignal, drainTimeoutMs: number, failed: (error: SlowNode) => void) {
    this.#call = call;
    this.#ended = ended;
    this.#drainTimeoutMs = drainTimeoutMs;
    this.#failed = failed;
  }

  /** Resolves when the node has taken all of it. Throws SlowNode or CallEnded. */
  async changes(changes: Iterable<EncodedChange>): Promise<void> {
    let batch: Buffer[] = [];
    let bytes = 0;
    for (const change of changes) {
      const size = change.reduce((sum, message) => sum + message.length, 0);
      if (bytes > 0 && bytes + size > PROTOCOL_LIMITS.batchBytes) {
        await this.#write(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(...change);
      bytes += size;
    }
    if (batch.length > 0) await this.#write(batch);
  }

  /** Goes out with whatever is next, at the latest when the event loop comes round. */
  answer(message: ToNode["message"]): void {
    this.#answers.push(ToNode.encode({ revision: 0, message }));
    if (this.#answers.length > LIMITS.queuedAnswers) {
      this.#failed(new SlowNode(`${LIMITS.queuedAnswers} answers wait for it to read its stream`));
    } else if (!this.#flushing) {
      this.#flushing = true;
      setImmediate(() => this.#flushAnswers());
    }
  }

  async #flushAnswers(): Promise<void> {
    try {
      while (this.#answers.length > 0) await this.#write([]);
    } catch (error) {
      if (error instanceof SlowNode) this.#failed(error);
      else if (!(error instanceof CallEnded)) throw error;
    } finally {
      this.#flushing = false;
    }
  }

  /** One message at a time is under way; queued answers go in front of the batch. */
  #write(messages: readonly Buffer[]): Promise<void> {
    const written = this.#writing.then(async () => {
      const batch = [...this.#answers, ...messages];
      this.#answers = [];
      if (batch.length > 0) await this.#writeNow(concatenateBatch(batch));
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }

  #writeNow(batch: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended.aborted) return reject(new CallEnded());
      const ended = () => finish(new CallEnded());
      const finish = (error?: Error | null) => {
        clearTimeout(timer);
        this.#ended.removeEventListener("abort", ended);
        if (error) reject(error);
        else resolve();
      };
      const timer = setTimeout(
        () => finish(new SlowNode(`it has not read its stream for ${this.#drainTimeoutMs / 1000} s`)),
        this.#drainTimeoutMs,
      );
      this.#ended.addEventListener("abort", ended);
      this.#call.write(batch, finish);
    });
  }
}
