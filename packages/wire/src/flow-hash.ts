/**
 * A seeded hash of a 5-tuple, for flow tables and for the choice of an outer source port.
 *
 * The rounds are MurmurHash3's (32 bits): multiply, rotate, multiply into the state for each word, then its
 * finaliser, so that every input bit reaches every output bit. With a seed that a pod cannot see, it cannot
 * choose flows that share a bucket. Not symmetric: a reply hashes to something else.
 *
 * Words and results are 32 bits, of either sign: V8 keeps signed ones off the heap, so read addresses with
 * `getInt32` on the hot path, and take bits of the result with `&`, never `%`.
 */

/** `source`, `destination` and `ports` as the 32-bit words that stand in the headers. */
export function hashIpv4(
  source: number,
  destination: number,
  ports: number,
  protocol: number,
  seed: number,
): number {
  let hash = mix(seed, source);
  hash = mix(hash, destination);
  hash = mix(hash, ports);
  return finalise(mix(hash, protocol), 16);
}

/** `addressesAt`: 32 bytes, source and then destination, as they stand in an IPv6 header at byte 8. */
export function hashIpv6(
  view: DataView,
  addressesAt: number,
  ports: number,
  protocol: number,
  seed: number,
): number {
  let hash = seed;
  for (let at = addressesAt; at < addressesAt + 32; at += 4) hash = mix(hash, view.getInt32(at));
  hash = mix(hash, ports);
  return finalise(mix(hash, protocol), 40);
}

/** One MurmurHash3 round: adds `word` to the running `hash`. */
export function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** MurmurHash3's end: folds in the length in bytes and avalanches. */
export function finalise(hash: number, bytes: number): number {
  let h = hash ^ bytes;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
