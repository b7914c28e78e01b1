/**
 * Resource quantities (apimachinery/pkg/api/resource): a decimal number with a suffix. Compared exactly, as
 * integers of nano units: a double cannot hold both `1n` and `8Ei`.
 */

const SHAPE = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i))?$/;

const DECIMAL_EXPONENTS: Record<string, number> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_EXPONENTS: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const NANO_DIGITS = 9;

export function isQuantity(text: string): boolean {
  return SHAPE.test(text);
}

/** In units of 10⁻⁹, rounded up as upstream does. Text that is no quantity is undefined. */
export function quantityNanos(text: string): bigint | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, sign, number, exponent, suffix = ""] = match;
  const [whole = "", fraction = ""] = number!.split(".");
  const isBinary = Object.hasOwn(BINARY_EXPONENTS, suffix);
  const power = exponent ? Number(exponent.slice(1)) : isBinary ? 0 : DECIMAL_EXPONENTS[suffix]!;
  let digits = BigInt(whole + fraction);
  if (isBinary) digits <<= BigInt(BINARY_EXPONENTS[suffix]!);
  const nanos = scaled(digits, power - fraction.length + NANO_DIGITS);
  return sign === "-" ? -nanos : nanos;
}

function scaled(digits: bigint, power: number): bigint {
  if (power >= 0) return digits * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (digits + divisor - 1n) / divisor;
}

/** Negative, zero or positive, as a sort wants it. Text that is no quantity counts as 0. */
export function compareQuantities(a: string, b: string): number {
  const difference = (quantityNanos(a) ?? 0n) - (quantityNanos(b) ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** As a double, for arithmetic that need not be exact: `"100m"` is 0.1. */
export function quantityNumber(text: string): number {
  return Number(quantityNanos(text) ?? 0n) / 10 ** NANO_DIGITS;
}
