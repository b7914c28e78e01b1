/** Deep equality of JSON values; a field that is undefined equals one that is absent. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false;
  for (const key of Object.keys(left)) if (!jsonEqual(left[key], right[key])) return false;
  return Object.keys(right).every(key => right[key] === undefined || left[key] !== undefined);
}
