/**
 * Where a container's mounts go. The root is the host's, read-only, so a mount point that the host does not have is
 * made beforehand: in a skeleton, a few empty folders and files, which becomes the uppermost layer of a root of the
 * container's own. What lies below a folder that is the container's own is made there, by its setup.
 */
import { chmodSync, chownSync, mkdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { isWithin, PRIVATE_FOLDERS } from "./host-mounts.ts";

export interface MountPoint {
  /** In the container, absolute. */
  target: string;
  isFolder: boolean;
}

export interface MissingMountPoints {
  /** To be added to the root, without links in their paths. */
  ofRoot: MountPoint[];
  /** To be made by the container's setup, where it can write. */
  ofContainer: MountPoint[];
}

/** `present` are paths that every container has though the host has not. */
export function missingMountPoints(
  points: readonly MountPoint[],
  present: ReadonlySet<string>,
): MissingMountPoints {
  const missing: MissingMountPoints = { ofRoot: [], ofContainer: [] };
  for (const { target, isFolder } of points) {
    const path = resolvePath(normalize(target));
    if (PRIVATE_FOLDERS.some(folder => path !== folder && isWithin(path, folder))) {
      missing.ofContainer.push({ target: path, isFolder });
    } else if (!present.has(path) && !exists(path)) missing.ofRoot.push({ target: path, isFolder });
  }
  return missing;
}

/** Folders that the host has keep their owner and mode: the uppermost layer's count. */
export function makeSkeleton(folder: string, points: readonly MountPoint[]): void {
  for (const { target, isFolder } of points) {
    makeFolders(folder, isFolder ? target : dirname(target));
    if (!isFolder) writeFileSync(join(folder, target), "", { mode: 0o644 });
  }
}

function makeFolders(skeleton: string, path: string): void {
  if (path !== "/") makeFolders(skeleton, dirname(path));
  const made = join(skeleton, path);
  if (exists(made) && path !== "/") return;
  mkdirSync(made, { recursive: true });
  const host = statSync(path, { throwIfNoEntry: false });
  chownSync(made, host?.uid ?? 0, host?.gid ?? 0);
  chmodSync(made, (host?.mode ?? 0o755) & 0o7777);
}

/** The path without links, as far as it exists on the host; private folders are looked into by nobody. */
function resolvePath(path: string): string {
  if (path === "/" || PRIVATE_FOLDERS.some(folder => isWithin(path, folder))) return path;
  try {
    return realpathSync(path);
  } catch {
    return join(resolvePath(dirname(path)), path.slice(path.lastIndexOf("/") + 1));
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
