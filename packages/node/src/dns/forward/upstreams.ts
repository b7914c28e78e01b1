/**
 * Servers that know the same names, in the order in which they are asked:
 *
 *   the first that is well -> no answer in time, or a failure -> the next -> … -> nobody answered
 *
 * An only one is asked twice. One that did not answer twice in a row is asked last, until it answers a question that is put to it every second for
 * just that.
 */
import { CLASS_IN, FLAG, MessageWriter, RCODE, TYPE } from "@podwire/wire/dns";
import {
  ATTEMPT_TIMEOUT_MS,
  FAILURES_UNTIL_DOWN,
  MAX_ATTEMPTS,
  PROBE_INTERVAL_MS,
  UDP_BYTES,
} from "../limits.ts";
import type { Answered } from "./answer-to.ts";
import { exchange } from "./exchange.ts";
import type { Server } from "./server-socket.ts";

export interface Question {
  /** Lower case. */
  readonly name: string;
  readonly type: number;
  readonly dnssecOk: boolean;
  readonly checkingDisabled: boolean;
}

/** Rejects when the server does not answer. */
export type Exchange = (server: Server, message: Uint8Array, timeoutMs: number) => Promise<Answered>;

interface Upstream {
  readonly server: Server;
  failures: number;
  probe: NodeJS.Timeout | undefined;
}

export interface UpstreamsOptions {
  readonly servers: readonly Server[];
  /** 16 bits that nobody can foresee. */
  randomId(): number;
  readonly exchange?: Exchange;
}

export class Upstreams {
  readonly #upstreams: readonly Upstream[];
  readonly #randomId: () => number;
  readonly #exchange: Exchange;
  #isClosed = false;

  constructor({ servers, randomId, exchange: by = exchange }: UpstreamsOptions) {
    this.#upstreams = servers.map(server => ({ server, failures: 0, probe: undefined }));
    this.#randomId = randomId;
    this.#exchange = by;
  }

  get isEmpty(): boolean {
    return this.#upstreams.length === 0;
  }

  /** None of them answered when last asked. */
  get areDown(): boolean {
    return this.#upstreams.every(isDown);
  }

  /** Undefined: nobody answered, or only that he could not. */
  async ask(question: Question): Promise<Answered | undefined> {
    let couldNot: Upstream | undefined;
    for (const upstream of this.#inOrder()) {
      if (upstream === couldNot) continue;
      const message = queryFor(question, this.#randomId());
      if (message === undefined) return undefined;
      try {
        const answered = await this.#exchange(upstream.server, message, ATTEMPT_TIMEOUT_MS);
        upstream.failures = 0;
        const { rcode } = answered.view;
        if (rcode === RCODE.noError || rcode === RCODE.nameError) return answered;
        couldNot = upstream;
      } catch {
        this.#failed(upstream);
      }
    }
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    for (const { probe } of this.#upstreams) clearTimeout(probe);
  }

  /** An only one is asked again: what is lost on the way is lost once. */
  #inOrder(): Upstream[] {
    const well = this.#upstreams.filter(each => !isDown(each));
    // When all are down, one of them may be well again without our knowing yet.
    const order = well.length > 0 ? well : this.#upstreams;
    return (order.length > 1 ? order : [...order, ...order]).slice(0, MAX_ATTEMPTS);
  }

  #failed(upstream: Upstream): void {
    upstream.failures++;
    if (isDown(upstream)) this.#probeLater(upstream);
  }

  #probeLater(upstream: Upstream): void {
    if (this.#isClosed || upstream.probe !== undefined) return;
    upstream.probe = setTimeout(() => void this.#probe(upstream), PROBE_INTERVAL_MS).unref();
  }

  /** Any answer will do: the name servers of the root are what every resolver knows. */
  async #probe(upstream: Upstream): Promise<void> {
    const question = { name: "", type: TYPE.NS, dnssecOk: false, checkingDisabled: false };
    const message = queryFor(question, this.#randomId())!;
    const isWell = await this.#exchange(upstream.server, message, ATTEMPT_TIMEOUT_MS).then(
      () => true,
      () => false,
    );
    upstream.probe = undefined;
    if (isWell) upstream.failures = 0;
    else this.#probeLater(upstream);
  }
}

function isDown({ failures }: Upstream): boolean {
  return failures >= FAILURES_UNTIL_DOWN;
}

/** Room for the longest name and an OPT record. */
const QUERY_BYTES = 512;
const NO_QUESTION = new Uint8Array(0);
const writer = new MessageWriter(new Uint8Array(QUERY_BYTES));

/** Undefined: the name is none that can be asked for. */
function queryFor(question: Question, id: number): Uint8Array | undefined {
  const { name, type, dnssecOk, checkingDisabled } = question;
  writer.begin(id, NO_QUESTION, QUERY_BYTES);
  if (!writer.question(name, type, CLASS_IN)) return undefined;
  writer.opt(UDP_BYTES, 0, dnssecOk);
  return writer.finish(FLAG.recursionDesired | (checkingDisabled ? FLAG.checkingDisabled : 0), 0);
}
