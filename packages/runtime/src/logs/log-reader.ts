/**
 * Reads a container's log as `kubectl logs` shows it: text without the format's prefix, both streams in the
 * order in which they were read, optionally with timestamps, from the last lines or from a moment on, and
 * following what is still to come, also across rotation.
 *
 *   find where to start -> read blocks -> entries -> select -> text
 *
 * Memory is one block and one entry, whatever the size of the log.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { LIMITS } from "../limits.ts";
import { type LogEntry, parseEntry } from "./cri.ts";
import type { LogFile } from "./log-file.ts";

export interface LogOptions {
  follow?: boolean;
  timestamps?: boolean;
  /** The last so many lines; all when absent. */
  tailLines?: number;
  /** Only lines of this moment or later. */
  sinceTimeMs?: number;
  limitBytes?: number;
}

const NEWLINE = 0x0a;

/** Text of a log. `log` is the writer when the container's run is this daemon's; following needs it. */
export async function* readLog(
  path: string,
  options: LogOptions,
  log: LogFile | undefined,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  const format = entryFormatter(options);
  for await (const entries of entryBlocks(path, options, log, signal)) {
    const text = Buffer.concat(entries.flatMap(format));
    if (text.length === 0) continue;
    yield text.length > left ? text.subarray(0, left) : text;
    left -= text.length;
    if (left <= 0) return;
  }
}

function entryFormatter(options: LogOptions): (entry: LogEntry) => Buffer[] {
  const since = options.sinceTimeMs;
  const inLine = { stdout: false, stderr: false };
  return entry => {
    if (since !== undefined && Date.parse(entry.timestamp) < since) return [];
    const prefix = options.timestamps && !inLine[entry.stream] ? [Buffer.from(`${entry.timestamp} `)] : [];
    inLine[entry.stream] = !entry.full;
    return [...prefix, entry.text, ...(entry.full ? [Buffer.from("\n")] : [])];
  };
}

async function* entryBlocks(
  path: string,
  options: LogOptions,
  log: LogFile | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogEntry[]> {
  const { follow = false, tailLines } = options;
  // The number of rotations is taken before the files are opened: one in between is noticed, not missed.
  let rotations = log?.rotations ?? 0;
  const start = tailLines === undefined ? undefined : tailStart(path, tailLines);
  if (start?.older !== undefined || tailLines === undefined) {
    yield* readFrom(`${path}.1`, start?.older ?? 0);
  }
  for (let at = start?.current ?? 0; ; ) {
    const closed = log?.closed ?? true;
    const rotatedAway = (log?.rotations ?? 0) - rotations;
    // Rotated once: the rest of what was being read lies in the older file. More often: part of it is gone.
    if (rotatedAway > 0) {
      yield* readFrom(`${path}.1`, rotatedAway === 1 ? at : 0);
      rotations += rotatedAway;
      at = 0;
      continue;
    }
    const changed = nextChange(log, signal);
    for (const block of readFrom(path, at)) {
      at = block.end;
      yield block;
    }
    if (!follow || closed || signal?.aborted) return changed.cancel();
    await changed.promise;
    if (signal?.aborted) return;
  }
}

interface Change {
  promise: Promise<void>;
  cancel(): void;
}

/** Resolves when the log changes or the reader is no longer wanted. Listen before reading, wait after. */
function nextChange(log: LogFile | undefined, signal: AbortSignal | undefined): Change {
  let cancel = (): void => {};
  const promise = new Promise<void>(resolve => {
    const stop = log?.follow(done);
    signal?.addEventListener("abort", done, { once: true });
    function done(): void {
      stop?.();
      signal?.removeEventListener("abort", done);
      resolve();
    }
    cancel = done;
  });
  return { promise, cancel };
}

/** Entries of a file from an offset to its present end; each block knows the offset behind its last entry. */
function* readFrom(path: string, from: number): Generator<LogEntry[] & { end: number }> {
  const file = openIfPresent(path);
  if (file === undefined) return;
  try {
    // An entry is at most a line's limit and its prefix, so that a block always holds a whole one.
    const block = Buffer.alloc(LIMITS.logReadBytes);
    for (let at = from; ; ) {
      const bytes = readSync(file, block, 0, block.length, at);
      const end = block.subarray(0, bytes).lastIndexOf(NEWLINE) + 1;
      if (end === 0) return;
      at += end;
      // A copy: the caller keeps the entries while the next block is read.
      yield Object.assign(parseBlock(Buffer.from(block.subarray(0, end))), { end: at });
    }
  } finally {
    closeSync(file);
  }
}

function parseBlock(block: Buffer): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let from = 0; from < block.length; ) {
    const end = block.indexOf(NEWLINE, from);
    const entry = parseEntry(block.subarray(from, end));
    if (entry) entries.push(entry);
    from = end + 1;
  }
  return entries;
}

/** Where the last `lines` lines begin: an offset in the current file, or also one in the older file. */
function tailStart(path: string, lines: number): { current: number; older?: number } {
  if (lines <= 0) return { current: sizeOf(path) };
  const current = lineFromEnd(path, lines);
  if (current.missing === 0) return { current: current.at };
  return { current: 0, older: lineFromEnd(`${path}.1`, current.missing).at };
}

/** Offset at which the last `lines` full lines begin, and how many the file is short of. */
function lineFromEnd(path: string, lines: number): { at: number; missing: number } {
  let missing = lines;
  const starts: number[] = [];
  for (const { at, full } of entriesBackwards(path)) {
    // The entry that ends a line counts it; the line begins behind the entry that ended the one before.
    if (full && missing === 0) return { at: starts.at(-1)!, missing: 0 };
    if (full) missing--;
    starts[0] = at;
  }
  return { at: 0, missing };
}

/** Offsets of a file's entries, the last one first. */
function* entriesBackwards(path: string): Generator<{ at: number; full: boolean }> {
  const file = openIfPresent(path);
  if (file === undefined) return;
  try {
    const block = Buffer.alloc(LIMITS.logReadBytes);
    for (let end = fstatSync(file).size; end > 0; ) {
      const from = Math.max(0, end - block.length);
      const bytes = block.subarray(0, readSync(file, block, 0, end - from, from));
      // The block's first entry may be cut; it is read again with the block before.
      const first = from === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
      for (let to = bytes.length; to > first; ) {
        const at = to < 2 ? 0 : bytes.lastIndexOf(NEWLINE, to - 2) + 1;
        yield { at: from + at, full: parseEntry(bytes.subarray(at, to - 1))?.full ?? true };
        to = at;
      }
      if (from > 0 && first === 0) return;
      end = from + first;
    }
  } finally {
    closeSync(file);
  }
}

function openIfPresent(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}

function sizeOf(path: string): number {
  const file = openIfPresent(path);
  if (file === undefined) return 0;
  try {
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}
