/**
 * What a bounds check says: one small integer for each thing that may be wrong with a header.
 *
 * Every protocol exports `fits(view, at, end): Fit`. Call it once, drop the packet unless it says `Fit.Ok`,
 * and from then on use the accessors of that protocol: they cannot fail, and they do not look again.
 */

export const Fit = {
  Ok: 0,
  /** The packet ends before the header does. */
  TooShort: 1,
  /** The version field says another protocol. */
  BadVersion: 2,
  /** The header says that it is shorter than the protocol allows, or longer than the packet. */
  BadHeaderLength: 3,
  /** The length of header and payload together is less than the header or more than there is. */
  BadTotalLength: 4,
  BadChecksum: 5,
  /** A flag that must be set is clear, or one that must be clear is set. */
  BadFlags: 6,
  /** More IPv6 extension headers, or longer ones, than `limits.ts` lets pass. */
  TooManyExtensions: 7,
  /** An IPv6 extension header stands where RFC 8200 §4.1 forbids it. */
  BadExtension: 8,
} as const;

export type Fit = (typeof Fit)[keyof typeof Fit];

/** The words for counters and messages, indexed by `Fit`. */
export const FIT_NAMES: readonly string[] = [
  "ok",
  "too short",
  "bad version",
  "bad header length",
  "bad total length",
  "bad checksum",
  "bad flags",
  "too many extension headers",
  "misplaced extension header",
];
