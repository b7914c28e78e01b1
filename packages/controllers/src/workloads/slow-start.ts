/**
 * Writes that overlap, in batches of 1, 2, 4, …: what fails for all of them (a quota, a bad template) fails for few
 * (upstream: slowStartBatch).
 */
export interface Started {
  readonly succeeded: number;
  /** The first failure; what would have come after its batch was not tried. */
  readonly error: unknown;
}

export async function slowStart<T>(
  items: readonly T[],
  call: (item: T) => Promise<unknown>,
): Promise<Started> {
  let succeeded = 0;
  for (let at = 0, size = 1; at < items.length; at += size, size *= 2) {
    const results = await Promise.allSettled(items.slice(at, at + size).map(call));
    const failed = results.find(({ status }) => status === "rejected");
    succeeded += results.filter(({ status }) => status === "fulfilled").length;
    if (failed !== undefined) return { succeeded, error: (failed as PromiseRejectedResult).reason };
  }
  return { succeeded, error: undefined };
}
