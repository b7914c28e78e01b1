/**
 * Replaces the files of a folder all at once, as the kubelet's AtomicWriter (pkg/volume/util/atomic_writer.go):
 *
 *   <folder>/..2026_11_24_15_06_15.x7Qk2p/a/b    the files of one version
 *   <folder>/..data -> ..2026_11_24_15_06_15.x7Qk2p
 *   <folder>/a -> ..data/a                       what readers open
 *
 * A reader sees the old version or the new one: the swap is the rename of `..data`.
 */
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, normalize } from "node:path";
import type { Payload } from "./payload.ts";

const DATA = "..data";
const DATA_NEW = "..data_tmp";

export interface Ownership {
  /** Group of everything in the volume: the Pod's fsGroup. */
  group: number | undefined;
}

/** `folder` exists. Throws when a path leads out of it; the version before then stays. */
export function writeAtomically(folder: string, payload: Payload, { group }: Ownership, nowMs: number): void {
  const before = currentVersion(folder);
  if (before && isSame(join(folder, before), payload, group)) return;
  const version = mkdtempSync(join(folder, `..${stamp(nowMs)}.`));
  try {
    writeVersion(version, payload, group);
    rmSync(join(folder, DATA_NEW), { force: true });
    symlinkSync(version.slice(folder.length + 1), join(folder, DATA_NEW));
    renameSync(join(folder, DATA_NEW), join(folder, DATA));
  } catch (cause) {
    rmSync(version, { recursive: true, force: true });
    throw cause;
  }
  linkNames(folder, new Set([...payload.keys()].map(path => normalize(path).split("/")[0]!)));
  if (before) rmSync(join(folder, before), { recursive: true, force: true });
}

/** Whether a version on disk, perhaps of a daemon before this one, already is what is to be written. */
function isSame(version: string, payload: Payload, group: number | undefined): boolean {
  const present = readdirSync(version, { recursive: true, withFileTypes: true, encoding: "utf8" });
  if (present.filter(entry => entry.isFile()).length !== payload.size) return false;
  for (const [path, { bytes, mode }] of payload) {
    const file = join(version, path);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile() || (stat.mode & 0o777) !== (mode | (group === undefined ? 0 : 0o440))) return false;
    if (!readFileSync(file).equals(bytes)) return false;
  }
  return true;
}

function writeVersion(version: string, payload: Payload, group: number | undefined): void {
  const owned = (path: string, mode: number, isFolder: boolean): void => {
    if (group !== undefined) lchownSync(path, 0, group);
    // As SetVolumeOwnership does with a read-only volume: the group may read.
    const forGroup = group === undefined ? 0 : isFolder ? 0o2550 : 0o440;
    chmodSync(path, mode | forGroup);
  };
  owned(version, 0o755, true);
  for (const [path, { bytes, mode }] of payload) {
    assertInside(path);
    const target = join(version, path);
    const folder = dirname(target);
    if (mkdirSync(folder, { recursive: true }) !== undefined) owned(folder, 0o755, true);
    writeFileSync(target, bytes, { mode: 0o600 });
    owned(target, mode, false);
  }
}

/** Links for what readers open, and none for what is not there any more. */
function linkNames(folder: string, names: ReadonlySet<string>): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith("..") || names.has(name)) continue;
    // What a reader may have mounted there is none of ours.
    if (lstatSync(join(folder, name)).isSymbolicLink()) rmSync(join(folder, name));
  }
  const present = new Set(readdirSync(folder));
  for (const name of names) if (!present.has(name)) symlinkSync(join(DATA, name), join(folder, name));
}

function currentVersion(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, DATA));
  } catch {
    return undefined;
  }
}

function assertInside(path: string): void {
  const parts = path.split("/");
  if (path === "" || path.startsWith("/") || parts.includes("..") || parts[0]!.startsWith("..")) {
    throw new Error(`invalid path ${path}: it must be relative and must not contain ".."`);
  }
}

function stamp(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 19).replace(/[-T:]/g, "_");
}
