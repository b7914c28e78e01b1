/**
 * The pipeline's part of the arena, from `start` on:
 *
 *   | tun            | underlay         | headers          | iovecs        | merge  | deliver | templates    |
 *   | packets read   | datagrams as     | headers of       | of messages   | iovecs | two     | 24 bytes a   |
 *   | from TUNs      | they were        | segments, ICMP   | to peers      | of one | iovecs  | peer and IP  |
 *   |                | received         | errors, fragments|               | write  |         | version      |
 *
 * What `queueUnderlay` was given lies in tun, headers and iovecs; all three are free again after a flush. Pages
 * that are never touched cost no memory.
 */
import { limits as tableLimits } from "@podwire/tables";
import { limits } from "./limits.ts";
import { HEADROOM_BYTES, IOVEC_BYTES } from "./offload/index.ts";

/** The largest packet behind its headroom; room for one must be there before a read. */
export const TUN_SLOT_BYTES = HEADROOM_BYTES + limits.packetBytes;

/** Sixteen super-packets, or some seven hundred packets of 1,500 bytes, between two flushes. */
const TUN_BYTES = 16 * TUN_SLOT_BYTES;
/** Thirty-two messages of 64 KB in one receive. */
const UNDERLAY_BYTES = 32 * 65_536;
/** Headers for 5,000 segments: sixteen super-packets of 45 segments take a seventh of it. */
const HEADERS_BYTES = 512 * 1024;
const IOVEC_CAPACITY = 16_384;
/** As many packets as offload/limits.ts merges into one. */
const MERGE_IOVECS = 128;
const DELIVER_IOVECS = 2;
export const TEMPLATE_BYTES = 24;

export interface ArenaLayout {
  readonly tunAt: number;
  readonly tunEnd: number;
  readonly underlayAt: number;
  readonly underlayBytes: number;
  readonly headersAt: number;
  readonly headersBytes: number;
  readonly iovecsAt: number;
  readonly iovecCapacity: number;
  readonly mergeIovecsAt: number;
  readonly deliverIovecsAt: number;
  readonly templatesAt: number;
  /** First byte after it all. */
  readonly end: number;
}

/** `start`: a multiple of 64. */
export function layoutArena(start: number): ArenaLayout {
  let next = start;
  const take = (bytes: number) => {
    const at = next;
    next += (bytes + 63) & ~63;
    return at;
  };
  const tunAt = take(TUN_BYTES);
  const underlayAt = take(UNDERLAY_BYTES);
  const headersAt = take(HEADERS_BYTES);
  const iovecsAt = take(IOVEC_CAPACITY * IOVEC_BYTES);
  const mergeIovecsAt = take(MERGE_IOVECS * IOVEC_BYTES);
  const deliverIovecsAt = take(DELIVER_IOVECS * IOVEC_BYTES);
  const templatesAt = take(tableLimits.peers * 2 * TEMPLATE_BYTES);
  return {
    tunAt,
    tunEnd: tunAt + TUN_BYTES,
    underlayAt,
    underlayBytes: UNDERLAY_BYTES,
    headersAt,
    headersBytes: HEADERS_BYTES,
    iovecsAt,
    iovecCapacity: IOVEC_CAPACITY,
    mergeIovecsAt,
    deliverIovecsAt,
    templatesAt,
    end: next,
  };
}

/** What the pipeline needs of an arena when it starts at 0. */
export const PIPELINE_ARENA_BYTES = layoutArena(0).end;
