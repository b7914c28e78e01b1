/**
 * What is said about a handful of rounds: the median, because one disturbed round must not move the result,
 * and the whole range from least to greatest beside it, because with three rounds nothing finer is honest.
 */

/** Which way a unit is better: throughput `higher`, latency and cost `lower`. */
export type Better = "higher" | "lower";

export interface Spread {
  readonly least: number;
  readonly greatest: number;
}

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that so many percent of the values do not exceed (nearest rank); NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  return { least: Math.min(...values), greatest: Math.max(...values) };
}

/**
 * Podwire against the kernel, turned so that 1 is "as good as the kernel" and more is better, whichever way
 * the unit points. Null when either side has no value to compare.
 */
export function ratio(better: Better, podwire: number | null, kernel: number | null): number | null {
  if (podwire === null || kernel === null) return null;
  const [over, under] = better === "higher" ? [podwire, kernel] : [kernel, podwire];
  return under > 0 ? over / under : null;
}

/** Rounded to `digits` significant digits, so that a report does not claim more than was measured. */
export function significant(value: number, digits: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : value;
}
