/**
 * The hash of the flat tables: 128 bits to 32 by multiply and shift, good enough for addresses that the
 * cluster hands out itself. Connection tracking, whose keys strangers choose, has a seeded one of its own.
 */
export function hashWords(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ b, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13) ^ c, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 15) ^ d, 0x165667b1);
  return hash ^ (hash >>> 16);
}

/** Slots for `rows` rows: a power of two that leaves at least half of them empty, so that probes stay short. */
export function slotsFor(rows: number): number {
  let slots = 8;
  while (slots < rows * 2) slots *= 2;
  return slots;
}
