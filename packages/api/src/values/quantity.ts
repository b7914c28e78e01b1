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
const BINARY_SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const NANO_DIGITS = 9;
const LARGEST_DECIMAL = 18;
/** As many fit into 64 bits for certain. */
const INT64_DIGITS = 18;
/** One, in nano units. */
const WHOLE = 10n ** BigInt(NANO_DIGITS);

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

/**
 * The form that upstream stores and shows: no fraction, the largest suffix that leaves none, in the family of suffixes
 * that the text is in; binary ones only for whole numbers of 1024 or more. `0.5` is `500m`, `1024Mi` is `1Gi`,
 * `1.5Gi` is `1536Mi`. What is smaller than the least power of ten is rounded up, away from zero.
 */
export function canonicalQuantity(text: string, leastExponent = -NANO_DIGITS): string {
  const match = SHAPE.exec(text);
  const nanos = quantityNanos(text);
  if (!match || nanos === undefined) return text;
  const [, , number, exponent, suffix = ""] = match;
  if (isKept(number!, exponent, suffix, leastExponent)) return text;
  const isNegative = nanos < 0n;
  const least = 10n ** BigInt(NANO_DIGITS + leastExponent);
  const absolute = isNegative ? -nanos : nanos;
  const rounded = ((absolute + least - 1n) / least) * least;
  if (rounded === 0n) return "0";
  const isBinary = Object.hasOwn(BINARY_EXPONENTS, suffix);
  const isWhole = rounded % WHOLE === 0n && rounded >= 1024n * WHOLE;
  const shown = isBinary && isWhole ? inBinary(rounded / WHOLE) : inDecimal(rounded, exponent !== undefined);
  return isNegative ? `-${shown}` : shown;
}

/** What upstream takes for canonical without a calculation (ParseQuantity), such as `1e3` and `12e0`. */
function isKept(
  number: string,
  exponent: string | undefined,
  suffix: string,
  leastExponent: number,
): boolean {
  const [whole = "", fraction = ""] = number.replace(/^0+/, "").split(".");
  const digits = whole + fraction;
  if (whole === "" || digits.length > INT64_DIGITS) return false;
  if (Object.hasOwn(BINARY_EXPONENTS, suffix)) return fraction === "" && BigInt(digits) % 8n !== 0n;
  const power = (exponent ? Number(exponent.slice(1)) : DECIMAL_EXPONENTS[suffix]!) - fraction.length;
  return power % 3 === 0 && power >= leastExponent && !digits.endsWith("000");
}

function inBinary(whole: bigint): string {
  let [number, power] = [whole, 0];
  while (number % 1024n === 0n && power < BINARY_SUFFIXES.length - 1)
    [number, power] = [number / 1024n, power + 1];
  return `${number}${BINARY_SUFFIXES[power]}`;
}

/** `withExponent`: `3e6` instead of `3M`. */
function inDecimal(nanos: bigint, withExponent: boolean): string {
  let [number, power] = [nanos, -NANO_DIGITS];
  while (number % 1000n === 0n && power < LARGEST_DECIMAL) [number, power] = [number / 1000n, power + 3];
  const suffix = withExponent
    ? power === 0
      ? ""
      : `e${power}`
    : Object.keys(DECIMAL_EXPONENTS).find(each => DECIMAL_EXPONENTS[each] === power)!;
  return `${number}${suffix}`;
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
