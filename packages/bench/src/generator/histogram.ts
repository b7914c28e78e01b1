/**
 * A bounded histogram of durations. Each power of two of nanoseconds is cut into equal cells, so a
 * percentile is right to within one part in CELLS whatever its size, and recording is two array accesses.
 *
 *   cell = exponent * CELLS + the bits of the value below its leading one, scaled to CELLS
 */
const CELLS = 256;
const CELL_BITS = 8;
/** 2^40 ns are 18 minutes: longer than any measurement. */
const EXPONENTS = 41;

export class Histogram {
  private readonly counts = new Uint32Array(EXPONENTS * CELLS);
  private total = 0;

  /** Values from 1 ns; anything larger than the last cell counts there. */
  record(nanoseconds: number): void {
    const value = Math.max(1, nanoseconds);
    const exponent = Math.min(EXPONENTS - 1, Math.floor(Math.log2(value)));
    const cell = Math.min(CELLS - 1, Math.floor((value / 2 ** exponent - 1) * CELLS));
    const at = (exponent << CELL_BITS) | Math.max(0, cell);
    this.counts[at] = this.counts[at]! + 1;
    this.total += 1;
  }

  get count(): number {
    return this.total;
  }

  /** The middle of the cell that holds the value at `share` (0.5: the median) of all; NaN of nothing. */
  percentile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.total * share));
    let seen = 0;
    for (let at = 0; at < this.counts.length; at += 1) {
      seen += this.counts[at]!;
      if (seen >= wanted) return 2 ** (at >> CELL_BITS) * (1 + ((at & (CELLS - 1)) + 0.5) / CELLS);
    }
    return Number.NaN;
  }
}
