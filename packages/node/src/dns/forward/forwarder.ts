/**
 * Names that are not the cluster's:
 *
 *   question -> kept and fresh?     that
 *            -> asked already?      wait for the same answer
 *            -> too many waiting?   REFUSED
 *            -> the servers of its domain, or of all others -> keep -> answer
 *                  nobody answers: what was kept before, beyond its time (RFC 8767), otherwise SERVFAIL
 */
import { RCODE } from "@podwire/wire/dns";
import {
  MAX_WAITING_PER_CLIENT,
  MAX_WAITING_QUESTIONS,
  STALE_ANSWER_AFTER_MS,
  STALE_TTL_SECONDS,
} from "../limits.ts";
import { AnswerCache, type Cached } from "./cache.ts";
import { type StoredMessage, storeMessage } from "./stored-message.ts";
import type { Question, Upstreams } from "./upstreams.ts";

export type Outcome =
  | {
      readonly stored: StoredMessage;
      readonly ageSeconds: number;
      /** All times to live, of an answer that is kept beyond its own. */
      readonly ttlSeconds?: number;
    }
  | { readonly rcode: number };

export interface ForwarderOptions {
  /** Of all names, and of those of some domains: "corp.example". */
  readonly upstreams: Upstreams;
  readonly stubs: ReadonlyMap<string, Upstreams>;
  nowMs(): number;
}

const REFUSED: Outcome = { rcode: RCODE.refused };
const SERVER_FAILURE: Outcome = { rcode: RCODE.serverFailure };

export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #cache: AnswerCache;
  /** Questions that servers are being asked. */
  readonly #asked = new Map<string, Promise<Outcome>>();
  readonly #waitingOf = new Map<string, number>();

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#cache = new AnswerCache(options.nowMs);
  }

  /** Never rejects. */
  lookUp(question: Question, client: string): Outcome | Promise<Outcome> {
    const key = keyOf(question);
    const cached = this.#cache.get(key);
    if (cached?.isFresh) return cached;
    const upstreams = this.#upstreamsOf(question.name);
    if (upstreams.isEmpty) return REFUSED;
    const waiting = this.#waitingOf.get(client) ?? 0;
    const isAsked = this.#asked.has(key);
    if (waiting >= MAX_WAITING_PER_CLIENT || (!isAsked && this.#asked.size >= MAX_WAITING_QUESTIONS)) {
      return cached === undefined ? REFUSED : stale(cached);
    }
    this.#waitingOf.set(client, waiting + 1);
    const outcome = this.#asked.get(key) ?? this.#ask(key, question, upstreams);
    return this.#unlessStale(outcome, cached, upstreams).finally(() => this.#answered(client));
  }

  close(): void {
    this.#options.upstreams.close();
    for (const upstreams of this.#options.stubs.values()) upstreams.close();
  }

  #ask(key: string, question: Question, upstreams: Upstreams): Promise<Outcome> {
    const outcome = upstreams.ask(question).then((answered): Outcome => {
      if (answered === undefined) return SERVER_FAILURE;
      const stored = storeMessage(answered.bytes, answered.view);
      this.#cache.set(key, stored);
      return { stored, ageSeconds: 0 };
    });
    this.#asked.set(key, outcome);
    return outcome.finally(() => this.#asked.delete(key));
  }

  /** Who has an old answer to fall back on waits less. */
  async #unlessStale(
    outcome: Promise<Outcome>,
    cached: Cached | undefined,
    upstreams: Upstreams,
  ): Promise<Outcome> {
    if (cached === undefined) return outcome;
    const old = stale(cached);
    if (upstreams.areDown) return old;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Outcome>(resolve => {
      timer = setTimeout(() => resolve(old), STALE_ANSWER_AFTER_MS);
    });
    const first = await Promise.race([outcome, late]);
    clearTimeout(timer);
    return "rcode" in first ? old : first;
  }

  #answered(client: string): void {
    const left = this.#waitingOf.get(client)! - 1;
    if (left > 0) this.#waitingOf.set(client, left);
    else this.#waitingOf.delete(client);
  }

  /** The longest domain that the name is in. */
  #upstreamsOf(name: string): Upstreams {
    const { stubs, upstreams } = this.#options;
    if (stubs.size === 0) return upstreams;
    for (let rest = name; rest !== ""; rest = rest.slice(rest.indexOf(".") + 1)) {
      const found = stubs.get(rest);
      if (found !== undefined) return found;
      if (!rest.includes(".")) break;
    }
    return upstreams;
  }
}

function stale({ stored, ageSeconds, isFresh }: Cached): Outcome {
  return isFresh ? { stored, ageSeconds } : { stored, ageSeconds, ttlSeconds: STALE_TTL_SECONDS };
}

/** What servers may answer differently is asked apart. */
function keyOf({ name, type, dnssecOk, checkingDisabled }: Question): string {
  return `${type} ${dnssecOk ? "D" : ""}${checkingDisabled ? "C" : ""} ${name}`;
}
