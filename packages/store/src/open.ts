/** Opens a store. LMDB is loaded only by those who use it. */
import { mkdir } from "node:fs/promises";
import { type HistoryBounds, LogStore } from "./log-store.ts";
import { MemoryBackend } from "./memory-backend.ts";
import type { Store } from "./store.ts";

export function openMemoryStore(bounds?: Partial<HistoryBounds>): Store {
  return new LogStore(new MemoryBackend(), bounds);
}

/** `directory` is made when it is not there. One process at a time may have it open. */
export async function openLmdbStore(directory: string, bounds?: Partial<HistoryBounds>): Promise<Store> {
  const [{ LmdbBackend }] = await Promise.all([
    import("./lmdb-backend.ts"),
    mkdir(directory, { recursive: true, mode: 0o700 }),
  ]);
  return new LogStore(LmdbBackend.open(directory), bounds).start();
}
