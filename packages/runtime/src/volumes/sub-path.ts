/**
 * A path inside a volume, for `subPath`: followed part by part, so that a link which a container has left in the
 * volume cannot lead out of it. What is missing becomes a folder, as the kubelet's SafeMakeDir makes it.
 */
import { chmodSync, lstatSync, mkdirSync, readlinkSync, statSync } from "node:fs";
import { join, normalize } from "node:path";

/** The folders of a volume have the mode of the volume itself. */
export interface SubPath {
  /** Relative to the volume, with no link in it. */
  path: string;
  isFolder: boolean;
}

const MAX_LINKS = 40;

/** Throws when it would leave the volume, or goes through something that is no folder. */
export function resolveSubPath(volume: string, subPath: string): SubPath {
  const waiting = parts(subPath);
  let done: string[] = [];
  let links = 0;
  while (waiting.length > 0) {
    const part = waiting.shift()!;
    if (part === "..") {
      if (done.length === 0) throw leaves(subPath);
      done = done.slice(0, -1);
      continue;
    }
    const path = join(volume, ...done, part);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) makeFolder(path, volume);
    if (found?.isSymbolicLink()) {
      const target = readlinkSync(path);
      if (target.startsWith("/") || ++links > MAX_LINKS) throw leaves(subPath);
      waiting.unshift(...parts(target));
      continue;
    }
    done.push(part);
  }
  const path = done.join("/");
  return { path, isFolder: lstatSync(join(volume, path)).isDirectory() };
}

function makeFolder(path: string, volume: string): void {
  mkdirSync(path);
  // Not by mkdir: its mode is cut by this process's umask.
  chmodSync(path, statSync(volume).mode & 0o7777);
}

function parts(path: string): string[] {
  return normalize(path)
    .split("/")
    .filter(part => part !== "" && part !== ".");
}

function leaves(subPath: string): Error {
  return new Error(`subPath "${subPath}" leads out of its volume`);
}
