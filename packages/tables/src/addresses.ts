/**
 * Exact addresses -> targets: this node's pods, this node itself, and the addresses of its peers. Flat, open
 * addressing with linear probing, at most half full:
 *
 *          0      1      2      3      4
 *        +------+------+------+------+--------+
 *  slot  | address, four words       | target |   target 0 (outside): the slot is empty
 *        +------+------+------+------+--------+
 *
 * The main thread fills it once, before publishing; the data plane only reads.
 */
import type { Words } from "./address.ts";
import { hashWords, slotsFor } from "./hash.ts";
import { TargetKind } from "./target.ts";

const ROW_WORDS = 5;
const TARGET = 4;

export interface AddressRow {
  readonly words: Words;
  /** Never `outside`. */
  readonly target: number;
}

/** Words that a table of `rows` rows takes. */
export function addressTableWords(rows: number): number {
  return slotsFor(rows) * ROW_WORDS;
}

/** Fills the zeroed part of `table` from `at`. Addresses must be distinct: a later row does not replace one. */
export function fillAddresses(table: Int32Array, at: number, rows: readonly AddressRow[]): void {
  const mask = slotsFor(rows.length) - 1;
  for (const { words, target } of rows) {
    let slot = hashWords(...words) & mask;
    while (table[at + slot * ROW_WORDS + TARGET] !== 0) slot = (slot + 1) & mask;
    table.set([...words, target], at + slot * ROW_WORDS);
  }
}

/** The target of an address, `outside` when the table does not have it. `mask` is slots − 1. */
export function lookupAddress(
  table: Int32Array,
  at: number,
  mask: number,
  a: number,
  b: number,
  c: number,
  d: number,
): number {
  let slot = hashWords(a, b, c, d) & mask;
  for (;;) {
    const row = at + slot * ROW_WORDS;
    const target = table[row + TARGET]!;
    if (target === 0) return TargetKind.outside;
    if (table[row + 3] === d && table[row + 2] === c && table[row + 1] === b && table[row] === a)
      return target;
    slot = (slot + 1) & mask;
  }
}
