/**
 * Writes one answer after the other into the same memory, names compressed (RFC 1035 §4.1.4) but for those in SRV records
 * (RFC 2782). What does not fit the size that the client takes is left out whole: a record is there or it is not.
 *
 *     writer.begin(query, question, limit)
 *     writer.record("answer", …) -> false: there was no more room
 *     writer.finish(flags) -> bytes
 */
import { CLASS_IN, HEADER_BYTES, TYPE } from "./constants.ts";
import { MAX_NAME_BYTES } from "./limits.ts";
import { lowerCase, readName, writeLabel } from "./name.ts";
import type { ResourceRecord } from "./record.ts";

/** An OPT record without options. */
export const OPT_BYTES = 11;

/** A pointer has 14 bits. */
const MAX_POINTER_TARGET = 0x3fff;

const COUNT_AT = { answer: 6, authority: 8, additional: 10 } as const;

export class MessageWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Where names, lower case, and their ends have been written. Filled when a second name is. */
  readonly #offsets = new Map<string, number>();
  #areQuestionsKnown = false;
  #questionName: string | undefined;
  #at = 0;
  #limit = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** `question`: bytes of the query from HEADER_BYTES to the end of its question, copied with the case that they have. */
  begin(id: number, question: Uint8Array, limitBytes: number): void {
    this.#bytes.fill(0, 0, HEADER_BYTES);
    this.#view.setUint16(0, id);
    if (question.length > 0) this.#view.setUint16(4, 1);
    this.#bytes.set(question, HEADER_BYTES);
    this.#at = HEADER_BYTES + question.length;
    this.#limit = Math.min(limitBytes, this.#bytes.length);
    this.#offsets.clear();
    this.#areQuestionsKnown = false;
    this.#questionName = undefined;
  }

  /** A question of our own; false: the name is none. */
  question(name: string, type: number, klass: number): boolean {
    if (!this.#name(name, false) || this.#at + 4 > this.#limit) return false;
    this.#view.setUint16(this.#at, type);
    this.#view.setUint16(this.#at + 2, klass);
    this.#view.setUint16(4, 1);
    this.#at += 4;
    return true;
  }

  /** False: it did not fit, and nothing of it is there. */
  record(section: keyof typeof COUNT_AT, { name, type, ttl, data }: ResourceRecord): boolean {
    const start = this.#at;
    const isWritten =
      this.#name(name, true) &&
      this.#fixed(type, CLASS_IN, ttl) &&
      this.#data(data) &&
      this.#at <= this.#limit;
    if (!isWritten) {
      this.#at = start;
      this.#forgetBehind(start);
      return false;
    }
    const countAt = COUNT_AT[section];
    this.#view.setUint16(countAt, this.#view.getUint16(countAt) + 1);
    return true;
  }

  /** OPT with our own size, the upper bits of the response code, and the client's DO (RFC 6891 §6.1.3, RFC 3225). */
  opt(udpBytes: number, rcode: number, dnssecOk: boolean): void {
    const view = this.#view;
    const at = this.#at;
    this.#bytes[at] = 0;
    view.setUint16(at + 1, TYPE.OPT);
    view.setUint16(at + 3, udpBytes);
    view.setUint32(at + 5, ((rcode >> 4) << 24) | (dnssecOk ? 0x8000 : 0));
    view.setUint16(at + 9, 0);
    this.#at += OPT_BYTES;
    view.setUint16(COUNT_AT.additional, view.getUint16(COUNT_AT.additional) + 1);
  }

  /** The message, a copy of its own. */
  finish(flags: number, rcode: number): Uint8Array {
    this.#view.setUint16(2, flags | (rcode & 15));
    return this.#bytes.slice(0, this.#at);
  }

  #fixed(type: number, klass: number, ttl: number): boolean {
    if (this.#at + 10 > this.#limit) return false;
    this.#view.setUint16(this.#at, type);
    this.#view.setUint16(this.#at + 2, klass);
    this.#view.setUint32(this.#at + 4, ttl);
    this.#at += 10;
    return true;
  }

  /** The data of a record, and its length into the two bytes before. */
  #data(data: ResourceRecord["data"]): boolean {
    const start = this.#at;
    const isWritten = this.#content(data) && this.#at <= this.#limit;
    if (isWritten) this.#view.setUint16(start - 2, this.#at - start);
    return isWritten;
  }

  #content(data: ResourceRecord["data"]): boolean {
    if (data instanceof Uint8Array) return this.#copy(data);
    if ("target" in data) return this.#name(data.target, true);
    if ("host" in data) {
      return this.#words([data.priority, data.weight, data.port]) && this.#name(data.host, false);
    }
    if ("text" in data) return this.#text(data.text);
    const { server, mailbox, serial, refresh, retry, expire, minimum } = data;
    if (!this.#name(server, true) || !this.#name(mailbox, true) || this.#at + 20 > this.#limit) return false;
    for (const value of [serial, refresh, retry, expire, minimum]) {
      this.#view.setUint32(this.#at, value);
      this.#at += 4;
    }
    return true;
  }

  #copy(bytes: Uint8Array): boolean {
    if (this.#at + bytes.length > this.#limit) return false;
    for (let i = 0; i < bytes.length; i++) this.#bytes[this.#at + i] = bytes[i]!;
    this.#at += bytes.length;
    return true;
  }

  #words(values: readonly number[]): boolean {
    if (this.#at + 2 * values.length > this.#limit) return false;
    for (const value of values) {
      this.#view.setUint16(this.#at, value);
      this.#at += 2;
    }
    return true;
  }

  #text(text: string): boolean {
    if (text.length > 255 || this.#at + 1 + text.length > this.#limit) return false;
    this.#bytes[this.#at++] = text.length;
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text.charCodeAt(i);
    return true;
  }

  #name(name: string, isCompressed: boolean): boolean {
    if (isCompressed && this.#isQuestion(name)) return this.#pointer(HEADER_BYTES);
    if (isCompressed && !this.#areQuestionsKnown) this.#learnQuestion();
    const start = this.#at;
    let rest = lowerCase(name);
    let textAt = 0;
    while (rest !== "") {
      const known = isCompressed ? this.#offsets.get(rest) : undefined;
      if (known !== undefined) return this.#pointer(known);
      const dot = rest.indexOf(".");
      const label = dot < 0 ? rest.length : dot;
      const end = writeLabel(this.#bytes, this.#at, name.slice(textAt, textAt + label));
      if (end === undefined || end > this.#limit || end - start >= MAX_NAME_BYTES) return false;
      if (this.#at <= MAX_POINTER_TARGET && !this.#offsets.has(rest)) this.#offsets.set(rest, this.#at);
      this.#at = end;
      textAt += label + 1;
      rest = dot < 0 ? "" : rest.slice(dot + 1);
    }
    if (this.#at + 1 > this.#limit) return false;
    this.#bytes[this.#at++] = 0;
    return true;
  }

  #pointer(target: number): boolean {
    if (this.#at + 2 > this.#limit) return false;
    this.#view.setUint16(this.#at, 0xc000 | target);
    this.#at += 2;
    return true;
  }

  /** Most names of an answer are the question's: those need not be looked up. */
  #isQuestion(name: string): boolean {
    if (this.#view.getUint16(4) !== 1) return false;
    this.#questionName ??= readName(this.#bytes, HEADER_BYTES, true) ?? "";
    return name === this.#questionName && name !== "";
  }

  /** Names may end as the question does. */
  #learnQuestion(): void {
    this.#areQuestionsKnown = true;
    if (this.#view.getUint16(4) !== 1) return;
    let rest = this.#questionName ?? "";
    let at = HEADER_BYTES;
    while (rest !== "") {
      this.#offsets.set(rest, at);
      at += this.#bytes[at]! + 1;
      const dot = rest.indexOf(".");
      rest = dot < 0 ? "" : rest.slice(dot + 1);
    }
  }

  #forgetBehind(start: number): void {
    for (const [name, offset] of this.#offsets) if (offset >= start) this.#offsets.delete(name);
  }
}
