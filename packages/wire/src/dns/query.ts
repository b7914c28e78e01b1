/**
 * A query as a server takes it: one question of opcode QUERY (RFC 9619), and perhaps an OPT record (RFC 6891 §6).
 *
 *     header (12) | name | type (2) | class (2) | other records, among them OPT
 */
import { FLAG, HEADER_BYTES, OPCODE_QUERY, RCODE, TYPE } from "./constants.ts";
import { MAX_QUERY_RECORDS } from "./limits.ts";
import { readName, skipName } from "./name.ts";

export interface Query {
  readonly id: number;
  /** Those of the header: RD, AD and CD are of interest. */
  readonly flags: number;
  /** Lower case; the bytes of the question keep the case that it was asked in. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The question is message[HEADER_BYTES, questionEnd). */
  readonly questionEnd: number;
  /** Undefined: the client does not speak EDNS. */
  readonly edns:
    | { readonly udpBytes: number; readonly version: number; readonly dnssecOk: boolean }
    | undefined;
}

/** What is no query to answer, and what is said to it; `questionEnd` is HEADER_BYTES where no question can be given back. */
export interface Refusal {
  readonly id: number;
  readonly flags: number;
  readonly rcode: number;
  readonly questionEnd: number;
}

/** Undefined: no query at all, which gets no answer, lest two servers talk to each other for ever. */
export function parseQuery(message: Uint8Array): Query | Refusal | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const id = word(message, 0);
  const flags = word(message, 2);
  if ((flags & FLAG.response) !== 0) return undefined;
  const refuse = (rcode: number, questionEnd = HEADER_BYTES): Refusal => ({ id, flags, rcode, questionEnd });
  if (((flags >> 11) & 15) !== OPCODE_QUERY) return refuse(RCODE.notImplemented);
  const records = word(message, 6) + word(message, 8) + word(message, 10);
  if (word(message, 4) !== 1 || records > MAX_QUERY_RECORDS) return refuse(RCODE.formatError);
  const nameEnd = skipName(message, HEADER_BYTES);
  // Nothing lies before this name that it could point at.
  const name = nameEnd === undefined ? undefined : readName(message, HEADER_BYTES, true);
  if (nameEnd === undefined || name === undefined || nameEnd + 4 > message.length) {
    return refuse(RCODE.formatError);
  }
  const questionEnd = nameEnd + 4;
  const rest = readRest(message, questionEnd, records);
  if (rest === undefined) return refuse(RCODE.formatError, questionEnd);
  return {
    id,
    flags,
    name,
    type: word(message, nameEnd),
    class: word(message, nameEnd + 2),
    questionEnd,
    edns: rest.edns,
  };
}

/** The records behind the question; undefined: malformed, or more than one OPT. */
function readRest(message: Uint8Array, start: number, records: number): { edns: Query["edns"] } | undefined {
  let at = start;
  let edns: Query["edns"];
  for (let record = 0; record < records; record++) {
    const nameEnd = skipName(message, at);
    if (nameEnd === undefined || nameEnd + 10 > message.length) return undefined;
    if (word(message, nameEnd) === TYPE.OPT) {
      if (edns !== undefined || nameEnd !== at + 1) return undefined;
      edns = {
        udpBytes: word(message, nameEnd + 2),
        version: message[nameEnd + 5]!,
        dnssecOk: (message[nameEnd + 6]! & 0x80) !== 0,
      };
    }
    at = nameEnd + 10 + word(message, nameEnd + 8);
    if (at > message.length) return undefined;
  }
  return at === message.length ? { edns } : undefined;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
