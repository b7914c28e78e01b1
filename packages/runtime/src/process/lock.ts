/**
 * A lock between processes: a symbolic link that names its owner. A link appears with its content, so that no one
 * reads half a lock, and takes no room on a full disk. An owner that died holds nothing: the next comer breaks the lock.
 */
import { linkSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning, type ProcessIdentity, readIdentity } from "./identity.ts";

/** Looked at this often while another process holds the lock: that process's death raises no event here. */
const LOOK_AGAIN_MS = 20;

let counter = 0;

/**
 * Takes the lock at `path`, waiting for a living owner up to `timeoutMs`; rejects then with what `held` makes of the
 * owner. The result releases it.
 */
export async function takeLock(
  path: string,
  timeoutMs: number,
  held: (owner: ProcessIdentity) => Error,
): Promise<() => void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    mkdirSync(dirname(path), { recursive: true });
    const owner = tryTake(path);
    if (owner === undefined) return () => rmSync(path, { force: true });
    if (owner === "dead") continue;
    if (performance.now() > deadline) throw held(owner);
    await delay(LOOK_AGAIN_MS);
  }
}

/** Undefined: the lock is ours. Dead: there is none any more, so try again. */
function tryTake(path: string): ProcessIdentity | "dead" | undefined {
  const { pid, startTicks } = readIdentity("/proc/self/stat")!;
  try {
    symlinkSync(`${pid}:${startTicks}`, path);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another `down` removed the run directory in between.
    if (code === "ENOENT") return "dead";
    if (code !== "EEXIST") throw error;
  }
  const text = contentOf(path);
  const owner = parseOwner(text);
  if (owner && isRunning(owner)) return owner;
  breakLock(path, text);
  return "dead";
}

/** Moves the dead owner's lock away; when someone else's came to lie there meanwhile, puts that back. */
function breakLock(path: string, stale: string | undefined): void {
  const aside = `${path}.${process.pid}.${counter++}`;
  try {
    renameSync(path, aside);
    if (contentOf(aside) !== stale) linkSync(aside, path);
  } catch {
    // Someone else broke it first.
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Undefined when it is gone, or is no link. */
function contentOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function parseOwner(text: string | undefined): ProcessIdentity | undefined {
  const [, pid, startTicks] = /^(\d+):(\d+)$/.exec(text ?? "") ?? [];
  return pid && startTicks ? { pid: Number(pid), startTicks } : undefined;
}
