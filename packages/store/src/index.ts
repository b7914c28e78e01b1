/** The store: revisions, compare-and-swap, a log to watch; in memory or on LMDB. */
export type { HistoryBounds } from "./log-store.ts";
export * from "./open.ts";
export * from "./store.ts";
