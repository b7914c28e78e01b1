/**
 * What waits to be sent to peers: messages of `struct iovec`s, each one `queueUnderlay`.
 *
 *   headers   | slot | slot | slot | …                 written by the splitter, one a segment
 *   iovecs    | header, payload | header, payload | …  consecutive, so that a message is a range of them
 *   messages  | peer lane iovecsAt iovecCount bytes segmentSize segments tos | one row each, see MESSAGE
 *
 * Consecutive datagrams of one peer, lane, outer TOS and size join in one message, whatever packets they came from, as
 * UDP_SEGMENT allows: all of one size, the last may be shorter. So a burst of small packets is one system call, too.
 *
 * The journey: `fits` → `takeHeaders` → for each datagram `begin` and then `push`; then the pipeline queues all
 * rows, flushes, and calls `reset`. Header slots, iovecs and packets stay untouched until then.
 */
import type { Arena } from "../ports.ts";
import { IOVEC_BYTES, IovecWriter } from "./iovec.ts";
import { MAX_MESSAGE_BYTES, MAX_SEGMENTS_PER_MESSAGE } from "./limits.ts";

/** Columns of a row of `Outbox.messages`. */
export const MESSAGE = {
  peer: 0,
  lane: 1,
  iovecsAt: 2,
  iovecCount: 3,
  bytes: 4,
  segmentSize: 5,
  segments: 6,
  tos: 7,
  columns: 8,
} as const;

export interface OutboxRegion {
  /** Where header slots go; a multiple of 8. */
  readonly headersAt: number;
  readonly headersBytes: number;
  /** Where iovecs go; a multiple of 8. */
  readonly iovecsAt: number;
  readonly iovecCapacity: number;
}

export class Outbox {
  /** Rows of messages, `messageCount` of them. */
  readonly messages: Int32Array;
  messageCount = 0;
  /** The outer TOS of the datagrams that are begun from now on: the sender's choice for each packet. */
  tos = 0;

  readonly #region: OutboxRegion;
  readonly #iovecs: IovecWriter;
  #headersUsed = 0;
  #iovecsUsed = 0;
  #row = 0;
  #isJoinable = false;

  constructor(arena: Arena, region: OutboxRegion) {
    this.#region = region;
    this.#iovecs = new IovecWriter(arena);
    this.messages = new Int32Array(region.iovecCapacity * MESSAGE.columns);
  }

  /** Whether so much room is left. Every message has an iovec, so rows never run out first. */
  fits(headerBytes: number, iovecs: number): boolean {
    return (
      this.#headersUsed + headerBytes <= this.#region.headersBytes &&
      this.#iovecsUsed + iovecs <= this.#region.iovecCapacity
    );
  }

  /** Whether so much would fit an empty outbox. */
  couldFit(headerBytes: number, iovecs: number): boolean {
    return headerBytes <= this.#region.headersBytes && iovecs <= this.#region.iovecCapacity;
  }

  /** Reserves header room, a multiple of 4 bytes that `fits`; returns where it is. */
  takeHeaders(bytes: number): number {
    const at = this.#region.headersAt + this.#headersUsed;
    this.#headersUsed += bytes;
    return at;
  }

  /** Begins one datagram of `bytes` bytes, in the last message when it may join; then `push` its parts. */
  begin(peer: number, lane: number, bytes: number): void {
    const messages = this.messages;
    const row = this.#row;
    if (
      this.#isJoinable &&
      messages[row + MESSAGE.peer] === peer &&
      messages[row + MESSAGE.lane] === lane &&
      messages[row + MESSAGE.tos] === this.tos &&
      bytes <= messages[row + MESSAGE.segmentSize]! &&
      messages[row + MESSAGE.segments]! < MAX_SEGMENTS_PER_MESSAGE &&
      messages[row + MESSAGE.bytes]! + bytes <= MAX_MESSAGE_BYTES
    ) {
      messages[row + MESSAGE.bytes]! += bytes;
      messages[row + MESSAGE.segments]! += 1;
      this.#isJoinable = bytes === messages[row + MESSAGE.segmentSize];
      return;
    }
    this.#beginMessage(peer, lane, bytes);
  }

  /** Adds `length` bytes at `offset` to the datagram that was begun. */
  push(offset: number, length: number): void {
    this.#iovecs.write(this.#region.iovecsAt + this.#iovecsUsed * IOVEC_BYTES, offset, length);
    this.#iovecsUsed++;
    this.messages[this.#row + MESSAGE.iovecCount]! += 1;
  }

  /** Forgets everything: after `PacketIo.flush`. */
  reset(): void {
    this.messageCount = 0;
    this.#headersUsed = 0;
    this.#iovecsUsed = 0;
    this.#row = 0;
    this.#isJoinable = false;
  }

  #beginMessage(peer: number, lane: number, bytes: number): void {
    const messages = this.messages;
    const row = this.messageCount * MESSAGE.columns;
    messages[row + MESSAGE.peer] = peer;
    messages[row + MESSAGE.lane] = lane;
    messages[row + MESSAGE.iovecsAt] = this.#region.iovecsAt + this.#iovecsUsed * IOVEC_BYTES;
    messages[row + MESSAGE.iovecCount] = 0;
    messages[row + MESSAGE.bytes] = bytes;
    messages[row + MESSAGE.segmentSize] = bytes;
    messages[row + MESSAGE.segments] = 1;
    messages[row + MESSAGE.tos] = this.tos;
    this.messageCount++;
    this.#row = row;
    this.#isJoinable = true;
  }
}
