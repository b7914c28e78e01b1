/** Reads a file as the layers of an image show it together, without mounting them: as overlayfs would find it. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { getXattr } from "@podwire/linux";
import { LIMITS } from "../limits.ts";

/** `layers`: folders, the highest first. Undefined when there is no such file, or one that is too long. */
export function readMergedFile(layers: readonly string[], path: string): string | undefined {
  let rest = split(path);
  let above: string[] = [];
  let folders: readonly string[] = layers;
  for (let links = 0; rest.length > 0; ) {
    const name = rest.shift()!;
    if (name === "..") {
      rest = [...above.slice(0, -1), ...rest];
      [above, folders] = [[], layers];
      continue;
    }
    const found = find(folders, name);
    if (!found) return undefined;
    if (found.stats.isSymbolicLink()) {
      if (++links > LIMITS.imageSymlinks) return undefined;
      const target = readlinkSync(found.path);
      rest = [...(target.startsWith("/") ? [] : above), ...split(target), ...rest];
      [above, folders] = [[], layers];
    } else if (rest.length === 0) {
      return found.stats.isFile() ? readSmall(found.path) : undefined;
    } else if (!found.stats.isDirectory()) {
      return undefined;
    } else {
      above.push(name);
      folders = found.folders;
    }
  }
  return undefined;
}

interface Found {
  path: string;
  stats: Stats;
  /** Of a folder: itself, and those of lower layers that show through it. */
  folders: string[];
}

function find(folders: readonly string[], name: string): Found | undefined {
  let top: Found | undefined;
  for (const folder of folders) {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) continue;
    // A whiteout, or what cannot be merged with the folder above.
    if (stats.isCharacterDevice() || (top && !stats.isDirectory())) break;
    top ??= { path, stats, folders: [] };
    top.folders.push(path);
    if (!stats.isDirectory() || getXattr(path, "trusted.overlay.opaque")) break;
  }
  return top;
}

function readSmall(path: string): string | undefined {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = fstatSync(file);
    if (size > LIMITS.imageUserFileBytes) return undefined;
    const bytes = Buffer.alloc(size);
    return bytes.toString("utf8", 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

function split(path: string): string[] {
  return path.split("/").filter(part => part !== "" && part !== ".");
}
