/**
 * An answer of another server as it is kept, and as it is given on: the same bytes, with the client's identifier and the
 * question in the case that the client asked it in, with times to live as they are by then, cut to what the client takes.
 *
 *     header | question | answer | authority | additional        kept without OPT, which is between two servers
 */
import {
  FLAG,
  HEADER_BYTES,
  type MessageRecord,
  type MessageView,
  OPT_BYTES,
  type Query,
  RCODE,
  TYPE,
} from "@podwire/wire/dns";
import { MAX_KEPT_SECONDS, UDP_BYTES } from "../limits.ts";

export interface StoredMessage {
  readonly bytes: Uint8Array;
  readonly view: MessageView;
  readonly records: readonly MessageRecord[];
  /** How long it may be kept, in seconds; 0: not at all. */
  readonly keptSeconds: number;
}

export function storeMessage(bytes: Uint8Array, view: MessageView): StoredMessage {
  const opt = view.records.findIndex(({ type }) => type === TYPE.OPT);
  // What is behind it (a signature) is between two servers as well.
  const records = opt < 0 ? view.records : view.records.slice(0, opt);
  const end = records.at(-1)?.end ?? view.questionEnd;
  const own = bytes.slice(0, end);
  return { bytes: own, view, records, keptSeconds: keptSeconds(own, view, records) };
}

/** By its own times to live or, of one that says that there is nothing, by its SOA (RFC 2308 §5). */
function keptSeconds(bytes: Uint8Array, view: MessageView, records: readonly MessageRecord[]): number {
  const answers = records.filter(({ section }) => section === "answer");
  const ttls = answers.map(({ ttl }) => ttl);
  const isNegative = view.rcode === RCODE.nameError || !answers.some(({ type }) => type === view.type);
  if (isNegative) {
    const soa = records.find(({ section, type }) => section === "authority" && type === TYPE.SOA);
    if (soa === undefined || soa.end - soa.dataAt < 20) return 0;
    const minimum = new DataView(bytes.buffer, soa.end - 4).getUint32(0);
    ttls.push(soa.ttl, minimum);
  }
  return Math.min(MAX_KEPT_SECONDS, ...ttls);
}

export interface Rendering {
  readonly query: Query;
  /** Bytes of the question as the client wrote it: as many as the stored one has. */
  readonly question: Uint8Array;
  /** What the client takes at most. */
  readonly limitBytes: number;
  /** For how long it has been kept; the times to live are less by that. */
  readonly ageSeconds: number;
  /** All times to live instead: what is kept for longer than it should is good for a moment. */
  readonly ttlSeconds?: number;
}

export function render(stored: StoredMessage, rendering: Rendering): Uint8Array {
  const { query, question, limitBytes, ageSeconds, ttlSeconds } = rendering;
  const { view, records } = stored;
  const room = limitBytes - (query.edns ? OPT_BYTES : 0);
  const kept = fitting(records, view.questionEnd, room);
  const end = kept.at(-1)?.end ?? view.questionEnd;
  const message = new Uint8Array(end + (query.edns ? OPT_BYTES : 0));
  message.set(stored.bytes.subarray(0, end));
  message.set(question, HEADER_BYTES);
  const fields = new DataView(message.buffer);
  for (const { ttlAt, ttl } of kept) {
    fields.setUint32(ttlAt, ttlSeconds ?? Math.max(0, Math.min(ttl, MAX_KEPT_SECONDS) - ageSeconds));
  }
  const isWhole = kept.length === records.length || kept.at(-1)?.section === "additional";
  const isCut = !isWhole && records[kept.length]!.section !== "additional";
  fields.setUint16(0, query.id);
  fields.setUint16(2, flagsOf(query, view, isCut));
  for (const [index, section] of (["answer", "authority", "additional"] as const).entries()) {
    fields.setUint16(6 + 2 * index, kept.filter(record => record.section === section).length);
  }
  if (query.edns) writeOpt(fields, end, query.edns.dnssecOk);
  return message;
}

/** As many records from the first on as there is room for. */
function fitting(
  records: readonly MessageRecord[],
  questionEnd: number,
  room: number,
): readonly MessageRecord[] {
  let count = records.length;
  while (count > 0 && (records[count - 1]?.end ?? questionEnd) > room) count--;
  return count === records.length ? records : records.slice(0, count);
}

function flagsOf(query: Query, view: MessageView, isCut: boolean): number {
  // AD only for who understands it (RFC 6840 §5.7).
  const isAware = query.edns?.dnssecOk === true || (query.flags & FLAG.authenticData) !== 0;
  return (
    FLAG.response |
    FLAG.recursionAvailable |
    (query.flags & (FLAG.recursionDesired | FLAG.checkingDisabled)) |
    (isAware ? view.flags & FLAG.authenticData : 0) |
    (isCut ? FLAG.truncated : 0) |
    view.rcode
  );
}

function writeOpt(fields: DataView, at: number, dnssecOk: boolean): void {
  fields.setUint16(at + 1, TYPE.OPT);
  fields.setUint16(at + 3, UDP_BYTES);
  fields.setUint32(at + 5, dnssecOk ? 0x8000 : 0);
  fields.setUint16(10, fields.getUint16(10) + 1);
}
