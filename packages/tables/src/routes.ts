/**
 * Prefixes -> targets, longest first: peers' pod CIDRs, this node's own, the cluster CIDRs. A cluster uses very
 * few prefix lengths (a /16 and a /24 of IPv4, a /56 and a /64 of IPv6), so the table holds the list of
 * lengths that occur and one hash table of all prefixes, probed once a length:
 *
 *        0       1 ...                                   lengths in use, longest first
 *      +-------+--------+--------+-----
 *      | count | length | length | ...                   129 words
 *      +-------+--------+--------+-----
 *          0      1      2      3      4        5
 *        +------+------+------+------+--------+--------+
 *  slot  | prefix, four words        | length | target |  target 0 (outside): the slot is empty
 *        +------+------+------+------+--------+--------+
 *
 * Lengths are those of the 128-bit space: an IPv4 /24 is 120.
 */
import { type Cidr, maskWord } from "./address.ts";
import { hashWords, slotsFor } from "./hash.ts";
import { TargetKind } from "./target.ts";

const LENGTH_WORDS = 130;
const ROW_WORDS = 6;
const LENGTH = 4;
const TARGET = 5;

export interface RouteRow extends Cidr {
  /** Never `outside`. */
  readonly target: number;
}

/** Words that a table of `rows` rows takes. */
export function routeTableWords(rows: number): number {
  return LENGTH_WORDS + slotsFor(rows) * ROW_WORDS;
}

/** Fills the zeroed part of `table` from `at`. Prefixes must be distinct. */
export function fillRoutes(table: Int32Array, at: number, rows: readonly RouteRow[]): void {
  const lengths = [...new Set(rows.map(row => row.bits))].sort((one, other) => other - one);
  table.set([lengths.length, ...lengths], at);
  const mask = slotsFor(rows.length) - 1;
  for (const { words, bits, target } of rows) {
    let slot = hashWords(...words) & mask;
    while (table[at + LENGTH_WORDS + slot * ROW_WORDS + TARGET] !== 0) slot = (slot + 1) & mask;
    table.set([...words, bits, target], at + LENGTH_WORDS + slot * ROW_WORDS);
  }
}

/** The target of the longest prefix that holds the address; `outside` when none does. `mask` is slots − 1. */
export function lookupRoute(
  table: Int32Array,
  at: number,
  mask: number,
  a: number,
  b: number,
  c: number,
  d: number,
): number {
  const lengths = table[at]!;
  for (let index = 1; index <= lengths; index++) {
    const bits = table[at + index]!;
    const found = probe(
      table,
      at + LENGTH_WORDS,
      mask,
      a & maskWord(bits, 0),
      b & maskWord(bits, 1),
      c & maskWord(bits, 2),
      d & maskWord(bits, 3),
      bits,
    );
    if (found !== TargetKind.outside) return found;
  }
  return TargetKind.outside;
}

function probe(
  table: Int32Array,
  at: number,
  mask: number,
  a: number,
  b: number,
  c: number,
  d: number,
  bits: number,
): number {
  let slot = hashWords(a, b, c, d) & mask;
  for (;;) {
    const row = at + slot * ROW_WORDS;
    const target = table[row + TARGET]!;
    if (target === 0) return TargetKind.outside;
    const same =
      table[row + 3] === d &&
      table[row + 2] === c &&
      table[row + 1] === b &&
      table[row] === a &&
      table[row + LENGTH] === bits;
    if (same) return target;
    slot = (slot + 1) & mask;
  }
}
