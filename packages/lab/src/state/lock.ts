/**
 * The lock that a lab's directory is made and removed under: a file beside the directory that names its owner.
 * An owner that died holds nothing: the next comer breaks the lock.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessIdentity } from "@podwire/runtime";
import { LabError } from "../errors.ts";
import { LOCK_TIMEOUT_MS } from "../limits.ts";
import { identify, isAlive } from "./identity.ts";

/** Looked at this often while another process holds the lock: that process's death raises no event here. */
const LOOK_AGAIN_MS = 20;

let counter = 0;

/** Takes the lock at `path`, waiting for a living owner up to `timeoutMs`. The result releases it. */
export async function takeLock(path: string, timeoutMs: number = LOCK_TIMEOUT_MS): Promise<() => void> {
  const deadline = performance.now() + timeoutMs;
  const own = `${path}.${process.pid}.${counter++}`;
  try {
    for (;;) {
      mkdirSync(dirname(path), { recursive: true });
      writeFile(own, JSON.stringify(identify(process.pid)));
      const owner = tryLink(own, path);
      if (owner === undefined) return () => rmSync(path, { force: true });
      if (owner === "dead") continue;
      if (performance.now() > deadline) {
        throw new LabError(
          `${path} is held by process ${owner.pid}, which is making or removing this lab: wait for it, or stop it`,
        );
      }
      await delay(LOOK_AGAIN_MS);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

function writeFile(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    // Another `down` removed the run directory in between: the loop makes it again.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Undefined: the lock is ours. A link appears with its content, so that no one reads half a lock. */
function tryLink(own: string, path: string): ProcessIdentity | "dead" | undefined {
  try {
    linkSync(own, path);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "dead";
    if (code !== "EEXIST") throw error;
  }
  const text = contentOf(path);
  if (text === undefined) return "dead";
  const owner = parseOwner(text);
  if (owner && isAlive(owner)) return owner;
  breakLock(path, `${own}.stale`, text);
  return "dead";
}

/** Moves the dead owner's lock away; when someone else's came to lie there meanwhile, puts that back. */
function breakLock(path: string, aside: string, stale: string): void {
  try {
    renameSync(path, aside);
    if (contentOf(aside) !== stale) linkSync(aside, path);
  } catch {
    // Someone else broke it first.
  } finally {
    rmSync(aside, { force: true });
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    const owner = JSON.parse(text) as ProcessIdentity | null;
    return Number.isInteger(owner?.pid) ? (owner as ProcessIdentity) : undefined;
  } catch {
    return undefined;
  }
}
