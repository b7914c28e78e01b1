/**
 * One question, one answer:
 *
 *   bytes -> a query that we take?  no: silence, FORMERR, NOTIMP, BADVERS or REFUSED
 *         -> the zone's?            yes: its records, their addresses in turn
 *         -> another zone's         what other servers say
 *         -> bytes, as many as the client takes; what does not fit is cut between records, with TC (RFC 2181 §9)
 *
 * ANY is answered with one record that says so (RFC 8482 §4.2), whatever there is: nobody asks us for much to be sent
 * to somebody else.
 */
import {
  CLASS_IN,
  FLAG,
  HEADER_BYTES,
  lowerCase,
  MAX_MESSAGE_BYTES,
  MessageWriter,
  OPT_BYTES,
  PLAIN_UDP_BYTES,
  parseQuery,
  type Query,
  RCODE,
  type Refusal,
  type ResourceRecord,
  recordOf,
  TYPE,
} from "@podwire/wire/dns";
import type { Forwarder, Outcome } from "./forward/forwarder.ts";
import { render } from "./forward/stored-message.ts";
import type { Question } from "./forward/upstreams.ts";
import { ANY_TTL_SECONDS, CLUSTER_TTL_SECONDS, UDP_BYTES } from "./limits.ts";
import type { Answer } from "./udp.ts";
import type { Found, Zone } from "./zone.ts";

export type Transport = "udp" | "tcp";

interface Asked {
  readonly query: Query;
  /** Its bytes. */
  readonly question: Uint8Array;
  readonly transport: Transport;
}

export interface ResponderOptions {
  readonly zone: Zone;
  readonly forwarder: Forwarder;
  /** An integer from 0 on and below the bound. */
  random(bound: number): number;
}

export class Responder {
  readonly #options: ResponderOptions;
  readonly #writer = new MessageWriter(new Uint8Array(MAX_MESSAGE_BYTES));

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** Undefined: nothing is to be said. Never throws nor rejects. `message` may be overwritten once this has returned. */
  respond(message: Uint8Array, transport: Transport, client: string): Answer | Promise<Answer> {
    const query = parseQuery(message);
    if (query === undefined) return undefined;
    const question = message.subarray(HEADER_BYTES, query.questionEnd);
    if ("rcode" in query) return this.#refusal(query, question);
    const asked = { query, question, transport };
    const rcode = refusalOf(query);
    if (rcode !== undefined) return this.#answer(asked, { ...EMPTY, rcode }, false);
    if (query.type === TYPE.ANY) {
      const answers = [{ name: query.name, type: TYPE.HINFO, ttl: ANY_TTL_SECONDS, data: ANY_DATA }];
      return this.#answer(asked, { ...EMPTY, answers }, false);
    }
    const found = this.#options.zone.find(query.name, query.type);
    if (found === undefined) return this.#forward({ ...asked, question: question.slice() }, client);
    if (found.outside === undefined) return this.#answer(asked, found, true);
    return this.#follow({ ...asked, question: question.slice() }, found, found.outside, client);
  }

  #forward(asked: Asked, client: string): Answer | Promise<Answer> {
    const outcome = this.#options.forwarder.lookUp(questionOf(asked.query, asked.query.name), client);
    if (outcome instanceof Promise) return outcome.then(later => this.#forwarded(asked, later));
    return this.#forwarded(asked, outcome);
  }

  #forwarded(asked: Asked, outcome: Outcome): Answer {
    if ("rcode" in outcome) return this.#answer(asked, { ...EMPTY, ...outcome }, false);
    const { query, question, transport } = asked;
    return render(outcome.stored, { ...outcome, query, question, limitBytes: sizeFor(query, transport) });
  }

  /** An alias that leads out of the cluster, with what other servers know of its end. */
  async #follow(asked: Asked, found: Found, outside: string, client: string): Promise<Answer> {
    const question = questionOf(asked.query, lowerCase(outside));
    const outcome = await this.#options.forwarder.lookUp(question, client);
    if ("rcode" in outcome) return this.#answer(asked, { ...EMPTY, ...outcome }, false);
    const { stored, ageSeconds, ttlSeconds } = outcome;
    const records = stored.records
      .filter(({ section }) => section === "answer")
      .flatMap(record => recordOf(stored.bytes, record) ?? [])
      .map(record => ({
        ...record,
        ttl: ttlSeconds ?? Math.max(0, Math.min(record.ttl, CLUSTER_TTL_SECONDS) - ageSeconds),
      }));
    return this.#answer(asked, { ...found, answers: [...found.answers, ...records] }, true);
  }

  #refusal({ id, flags, rcode }: Refusal, question: Uint8Array): Uint8Array {
    this.#writer.begin(id, question, MAX_MESSAGE_BYTES);
    return this.#writer.finish(FLAG.response | (flags & KEPT_FLAGS), rcode);
  }

  #answer({ query, question, transport }: Asked, found: Found, isAuthoritative: boolean): Uint8Array {
    const writer = this.#writer;
    const { edns } = query;
    writer.begin(query.id, question, sizeFor(query, transport) - (edns ? OPT_BYTES : 0));
    const isWhole =
      this.#write("answer", inTurn(found.answers, this.#options.random)) &&
      this.#write("authority", found.authority);
    // An answer without them is an answer (RFC 2181 §9).
    if (isWhole) this.#write("additional", found.additional);
    if (edns) writer.opt(UDP_BYTES, found.rcode, edns.dnssecOk);
    const flags =
      (query.flags & KEPT_FLAGS) |
      FLAG.response |
      FLAG.recursionAvailable |
      (isAuthoritative ? FLAG.authoritative : 0) |
      (isWhole ? 0 : FLAG.truncated);
    return writer.finish(flags, found.rcode);
  }

  #write(section: "answer" | "authority" | "additional", records: readonly ResourceRecord[]): boolean {
    return records.every(record => this.#writer.record(section, record));
  }
}

/** Opcode, RD and CD are the client's (RFC 1035 §4.1.1, RFC 4035 §3.2.2). */
const KEPT_FLAGS = 0x7800 | FLAG.recursionDesired | FLAG.checkingDisabled;

const EMPTY: Found = { rcode: RCODE.noError, answers: [], additional: [], authority: [] };

/** HINFO "RFC8482" "". */
const ANY_DATA = Uint8Array.from(
  [7, ..."RFC8482"].map(each => (typeof each === "number" ? each : each.charCodeAt(0))).concat(0),
);

/** The first and the last type that ask for something else than records of theirs, but for ANY (RFC 6895 §3.1). */
const META_TYPES = { first: 128, last: 254 } as const;

function refusalOf({ edns, class: klass, type }: Query): number | undefined {
  if (edns !== undefined && edns.version > 0) return RCODE.badVersion;
  const isMeta = type === TYPE.OPT || (type >= META_TYPES.first && type <= META_TYPES.last);
  return klass !== CLASS_IN || isMeta ? RCODE.refused : undefined;
}

function questionOf({ type, edns, flags }: Query, name: string): Question {
  const checkingDisabled = (flags & FLAG.checkingDisabled) !== 0;
  return { name, type, dnssecOk: edns?.dnssecOk === true, checkingDisabled };
}

function sizeFor({ edns }: Query, transport: Transport): number {
  if (transport === "tcp") return MAX_MESSAGE_BYTES;
  return Math.min(UDP_BYTES, Math.max(PLAIN_UDP_BYTES, edns?.udpBytes ?? 0));
}

/** Addresses from any of them on: clients take the first. The aliases before them stay where they are. */
function inTurn(
  records: readonly ResourceRecord[],
  random: (bound: number) => number,
): readonly ResourceRecord[] {
  if (records.length < 2) return records;
  const first = records.findIndex(({ type }) => type === TYPE.A || type === TYPE.AAAA);
  if (first < 0 || first === records.length - 1) return records;
  const turn = first + random(records.length - first);
  return [...records.slice(0, first), ...records.slice(turn), ...records.slice(first, turn)];
}
