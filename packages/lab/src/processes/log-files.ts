/**
 * The daemons' log files, held to a size. Daemons write straight into their files, so that they go on writing
 * when their supervisor is dead; the supervisor hears of writes through inotify and cuts a file that has grown
 * too large to its second half. Daemons open their log for appending, so the next line follows the cut.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, watch, writeSync } from "node:fs";
import { join } from "node:path";
import { MAX_LOG_BYTES, QUOTED_LOG_LINES } from "../limits.ts";

/** Looks after all files in `directory` until the result is called. */
export function boundLogs(directory: string, maxBytes: number = MAX_LOG_BYTES): () => void {
  const watcher = watch(directory, { persistent: false }, (_, file) => {
    if (file?.endsWith(".log")) cutInHalf(join(directory, file), maxBytes);
  });
  // The directory goes away with the lab.
  watcher.on("error", () => watcher.close());
  return () => watcher.close();
}

/** Lines written during the cut may be lost; that is the price of bounding a file that others append to. */
function cutInHalf(path: string, maxBytes: number): void {
  let file: number;
  try {
    file = openSync(path, "r+");
  } catch {
    return; // removed meanwhile
  }
  try {
    const { size } = fstatSync(file);
    if (size <= maxBytes) return;
    const kept = Buffer.alloc(maxBytes / 2);
    const bytes = readSync(file, kept, 0, kept.length, size - kept.length);
    const start = kept.indexOf(10) + 1;
    ftruncateSync(file, 0);
    writeSync(file, kept, start, bytes - start, 0);
  } catch {
    // No room for the half that was to stay: the log begins anew.
  } finally {
    closeSync(file);
  }
}

/** The last lines of a log, indented, to stand in an error message. */
export function quoteLog(path: string, lines: number = QUOTED_LOG_LINES): string {
  const text = lastBytes(path, 16 << 10).trimEnd();
  if (text === "") return "  (nothing was logged)";
  return text
    .split("\n")
    .slice(-lines)
    .map(line => `  ${line}`)
    .join("\n");
}

function lastBytes(path: string, bytes: number): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8");
  } finally {
    closeSync(file);
  }
}
