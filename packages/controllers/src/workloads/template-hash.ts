/**
 * A short name for a template, from its content: FNV-1a (32 bits) over its canonical JSON, in letters that make no
 * words. Upstream hashes a Go dump of the object, which nobody else can write, so the names differ from upstream's;
 * the contract is only that equal templates get equal names and that a collision can be got around by `collisionCount`.
 */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

export function contentHash(content: unknown, collisionCount: number | undefined): string {
  let hash = 0x811c9dc5;
  const mix = (byte: number) => {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  };
  for (const byte of new TextEncoder().encode(canonicalJson(content))) mix(byte);
  if (collisionCount !== undefined)
    for (const shift of [0, 8, 16, 24]) mix((collisionCount >>> shift) & 0xff);
  return [...String(hash)].map(digit => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join("");
}

/** Equal values give equal text: keys in order, what is undefined left out. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each !== "object" || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
