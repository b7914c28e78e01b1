/** The bounds of the store, each with its reason and what happens there. */

/** Writes in one commit: more wait for the next. Keeps the pause for other work short. */
export const COMMIT_MAX_WRITES = 1_000;

/** Writes that wait for a commit: beyond, a write is refused at once (`StoreBusyError`), not queued. */
export const QUEUE_MAX_WRITES = 20_000;

/**
 * Revisions kept for watchers that resume and for lists that are read in pieces. At twenty changes a second this
 * is a good eight minutes. Beyond, the oldest are compacted.
 */
export const HISTORY_MAX_REVISIONS = 10_000;

/** Size of the kept history, in bytes: the same with large objects, so that they cannot fill the disk. */
export const HISTORY_MAX_BYTES = 256 * 1024 * 1024;

/** History is compacted once it is this many revisions over its bound, so that not every commit has to. */
export const COMPACTION_SLACK = 500;

/** Records one commit compacts: what is left over is for the next, so that no commit takes long. */
export const COMPACTION_STEP = 2_000;

/** Changes and characters kept in memory, so that watchers who keep up share them; older ones come from disk. */
export const RECENT_MAX_CHANGES = 1_024;
export const RECENT_MAX_CHARACTERS = 16 * 1024 * 1024;

/** Changes that a watcher is handed at a time. */
export const WATCH_BATCH = 500;

/** Records of history that a watcher reads through, before others have their turn. */
export const WATCH_SCAN = 2_000;

/** Watchers of one store: beyond, a new one is refused. */
export const MAX_WATCHERS = 20_000;

/** Keys counted for `remaining`: beyond, it is not known. */
export const COUNT_MAX_KEYS = 100_000;

/** A key's size in bytes; LMDB takes no longer ones. */
export const KEY_MAX_BYTES = 1_900;

/**
 * Room that a commit leaves on the file system. Below, writes are refused before LMDB's binding meets the full disk:
 * it ends the process at some of the writes that fail.
 */
export const FREE_MIN_BYTES = 1024 * 1024;

/** What a write takes beside its own bytes, at most: the pages of both tables that lead to it, copied. */
export const WRITE_PAGES_BYTES = 8 * 1024;
