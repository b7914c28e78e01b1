/**
 * A whole message of another server, walked once: where each of its records lies. Whoever keeps the bytes can then
 * change them in place (identifier, case of the question, times to live) or cut them between records.
 */
import { HEADER_BYTES, TYPE } from "./constants.ts";
import { readName, skipName } from "./name.ts";
import type { ResourceRecord } from "./record.ts";

export interface MessageRecord {
  readonly section: "answer" | "authority" | "additional";
  readonly at: number;
  readonly type: number;
  readonly class: number;
  /** Offset of the four bytes of its time to live, in seconds. */
  readonly ttlAt: number;
  readonly ttl: number;
  readonly dataAt: number;
  readonly end: number;
}

export interface MessageView {
  readonly id: number;
  readonly flags: number;
  readonly rcode: number;
  /** As it is written there; a message without exactly one question has no view. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly questionEnd: number;
  readonly records: readonly MessageRecord[];
}

const SECTIONS = ["answer", "authority", "additional"] as const;

/** Undefined when the message is malformed. Trailing bytes are left out of account. */
export function readMessage(bytes: Uint8Array): MessageView | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const nameEnd = skipName(bytes, HEADER_BYTES);
  const name = readName(bytes, HEADER_BYTES);
  if (view.getUint16(4) !== 1 || nameEnd === undefined || name === undefined) return undefined;
  if (nameEnd + 4 > bytes.length) return undefined;
  const records: MessageRecord[] = [];
  let at = nameEnd + 4;
  for (const [index, section] of SECTIONS.entries()) {
    for (let left = view.getUint16(6 + 2 * index); left > 0; left--) {
      const record = readRecord(bytes, view, at, section);
      if (record === undefined) return undefined;
      records.push(record);
      at = record.end;
    }
  }
  const flags = view.getUint16(2);
  return {
    id: view.getUint16(0),
    flags,
    rcode: flags & 15,
    name,
    type: view.getUint16(nameEnd),
    class: view.getUint16(nameEnd + 2),
    questionEnd: nameEnd + 4,
    records,
  };
}

function readRecord(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  section: MessageRecord["section"],
): MessageRecord | undefined {
  const nameEnd = skipName(bytes, at);
  if (nameEnd === undefined || nameEnd + 10 > bytes.length) return undefined;
  const dataAt = nameEnd + 10;
  const end = dataAt + view.getUint16(nameEnd + 8);
  if (end > bytes.length) return undefined;
  return {
    section,
    at,
    type: view.getUint16(nameEnd),
    class: view.getUint16(nameEnd + 2),
    ttlAt: nameEnd + 4,
    // A value with the upper bit set is 0 (RFC 2181 §8).
    ttl: Math.max(0, view.getInt32(nameEnd + 4)),
    dataAt,
    end,
  };
}

/** A record to be written into another message: addresses and aliases alone, whose data is known to hold no other name. */
export function recordOf(
  bytes: Uint8Array,
  { at, type, ttl, dataAt, end }: MessageRecord,
): ResourceRecord | undefined {
  const name = readName(bytes, at);
  if (name === undefined) return undefined;
  if (type === TYPE.A || type === TYPE.AAAA) {
    const data = bytes.slice(dataAt, end);
    return data.length === (type === TYPE.A ? 4 : 16) ? { name, type, ttl, data } : undefined;
  }
  const target = type === TYPE.CNAME ? readName(bytes, dataAt) : undefined;
  return target === undefined ? undefined : { name, type, ttl, data: { target } };
}
