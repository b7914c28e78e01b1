/**
 * The hash of connection tracking: HalfSipHash-1-3 (Aumasson and Bernstein), keyed by 64 secret bits, so that
 * nobody who chooses addresses and ports can choose the bucket. Four words go in at a time; the input always
 * has the same length, so its length is not hashed.
 */
export class FlowHash {
  readonly #key0: number;
  readonly #key1: number;

  constructor(seed: readonly [number, number]) {
    this.#key0 = seed[0] | 0;
    this.#key1 = seed[1] | 0;
  }

  /** An IPv4 tuple: the upper words of its mapped addresses are the same for all. */
  ofIpv4(source: number, destination: number, ports: number, protocol: number): number {
    return halfSipHash(this.#key0, this.#key1, source, destination, ports, protocol);
  }

  /** Twelve words by three calls, each keyed with what came before. */
  ofIpv6(
    source0: number,
    source1: number,
    source2: number,
    source3: number,
    destination0: number,
    destination1: number,
    destination2: number,
    destination3: number,
    ports: number,
    protocol: number,
  ): number {
    const key1 = this.#key1;
    const one = halfSipHash(this.#key0, key1, source0, source1, source2, source3);
    const two = halfSipHash(this.#key0 ^ one, key1, destination0, destination1, destination2, destination3);
    return halfSipHash(this.#key0 ^ two, key1, ports, protocol, one, two);
  }
}

const FINAL_ROUNDS = 3;

/** Four message words, one round each, then the finalization. */
export function halfSipHash(key0: number, key1: number, a: number, b: number, c: number, d: number): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = 0x6c796765 ^ key0;
  let v3 = 0x74656462 ^ key1;
  for (let round = 0; round < 4 + FINAL_ROUNDS; round++) {
    const message = round === 0 ? a : round === 1 ? b : round === 2 ? c : round === 3 ? d : 0;
    v3 ^= message;
    if (round === 4) v2 ^= 0xff;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= message;
  }
  return v1 ^ v3;
}
