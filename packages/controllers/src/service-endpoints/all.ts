/** As Promise.all, but nothing is under way any more when it fails. */
export async function all(writes: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(writes);
  const failure = results.find(result => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
