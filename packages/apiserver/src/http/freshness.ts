/**
 * A client that asks for "not older than" a revision waits for it: it may have heard of it over another way. One
 * that stays in the future, say from a store that was since made anew, is refused.
 */
import { allKinds } from "@podwire/api";
import { FRESHNESS_WAIT_MS } from "../limits.ts";
import type { Registry } from "../registry/registry.ts";
import { tooLargeRevision } from "../registry/store-errors.ts";

export async function waitForRevision(registry: Registry, revision: number | undefined): Promise<void> {
  if (revision === undefined || revision <= registry.revision) return;
  const watch = registry.watchKinds(allKinds, registry.revision);
  const timer = setTimeout(() => watch.close(), FRESHNESS_WAIT_MS);
  try {
    while (registry.revision < revision && (await watch.next()) !== undefined);
  } finally {
    clearTimeout(timer);
    watch.close();
  }
  if (registry.revision < revision) throw tooLargeRevision(revision, registry.revision);
}
