/**
 * The steps that give a process an image as its root: an overlay of the image's layers under a writable layer in
 * memory, which nothing but this mount namespace knows and which goes with it.
 *
 *   unshare the mount namespace     the shim, which needs the host's programs, keeps its own
 *   tmpfs, overlay                  over the layers, beside the node's root
 *   take what the pod mounts        as mounts that hang nowhere yet
 *   pivot_root, let the old go      from here on every path, and every link in it, is the image's
 *   hang them up, mount the rest    making the places where the image has none
 */
import { LIMITS } from "../limits.ts";
import type { Mount } from "../rootfs/fstab.ts";
import { IN_ROOT } from "../rootfs/root.ts";
import { mountOptions } from "./mount-options.ts";
import { AT_FDCWD, type Program } from "./program.ts";

export interface ImageRoot {
  /** Relative to the store's `layers`, the highest first. */
  lowerDirectories: readonly string[];
  readOnly: boolean;
  /** Made where it is missing, as container runtimes do. */
  workingDirectory: string;
  mounts: readonly ImageMount[];
}

export interface ImageMount extends Mount {
  /** Its target is a folder; otherwise a file. */
  isFolder: boolean;
}

const CLONE_NEWNS = 0x20000;
const MNT_DETACH = 2;
const MS_RDONLY = 1;
const MS_NODEV = 4;
const MS_REMOUNT = 32;
const MS_BIND = 4096;
const MS_REC = 16384;
const MS_PRIVATE = 1 << 18;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0x80000;
const AT_RECURSIVE = 0x8000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOVE_MOUNT_T_SYMLINKS = 0x10;
const NAMESPACE_LINE_BYTES = 40;
const O_CREAT_WRONLY_CLOEXEC = 0o101 | 0x80000;

/** `firstFree` is the lowest descriptor that is not open. */
export function enterImageRoot(
  program: Program,
  root: ImageRoot,
  firstFree: number,
  namespacesTo: string | undefined,
): void {
  const text = (value: string) => program.text(value);
  program.must("mount namespace", "unshare", CLONE_NEWNS);
  if (namespacesTo !== undefined) noteNamespaces(program, namespacesTo, firstFree);
  program.must("mount propagation", "mount", 0, text("/"), 0, MS_REC | MS_PRIVATE, 0);
  overlay(program, root.lowerDirectories);
  const taken = takeMounts(program, root.mounts, firstFree);
  program.must("root of the image", "chdir", text(IN_ROOT.newRoot));
  program.must("pivot_root", "pivot_root", text("."), text("."));
  program.must("old root", "umount2", text("."), MNT_DETACH);
  program.must("root of the image", "chdir", text("/"));
  const { descriptors } = taken;
  for (const mount of root.mounts) hang(program, mount, descriptors.get(mount), taken.firstFree);
  makePlace(program, root.workingDirectory, true, taken.firstFree);
  if (root.readOnly) {
    program.must("read-only root", "mount", 0, text("/"), 0, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NODEV, 0);
  }
  program.may("close_range", firstFree, 0xffffffff, 0);
}

/** As readlink(1) would; zeros fill each line. */
function noteNamespaces(program: Program, path: string, firstFree: number): void {
  const line = Buffer.alloc(NAMESPACE_LINE_BYTES);
  program.must(path, "openat", AT_FDCWD, program.text(path), O_CREAT_WRONLY_CLOEXEC, 0o644);
  for (const kind of ["mnt", "pid"]) {
    const place = program.buffer(line);
    program.must(path, "readlinkat", AT_FDCWD, program.text(`/proc/self/ns/${kind}`), place, line.length);
    program.must(path, "write", firstFree, place, line.length);
  }
  program.may("close_range", firstFree, 0xffffffff, 0);
}

function overlay(program: Program, lowerDirectories: readonly string[]): void {
  const text = (value: string) => program.text(value);
  const [upper, work] = [`${IN_ROOT.writable}/upper`, `${IN_ROOT.writable}/work`];
  const size = text(`size=${LIMITS.writableLayerBytes},mode=755`);
  const name = text("podwire");
  program.must("writable layer", "mount", name, text(IN_ROOT.writable), text("tmpfs"), 0, size);
  for (const folder of [upper, work])
    program.must("writable layer", "mkdirat", AT_FDCWD, text(folder), 0o755);
  program.must("image store", "chdir", text(`${IN_ROOT.images}/layers`));
  const options = `lowerdir=${lowerDirectories.join(":")},upperdir=${upper},workdir=${work}`;
  const what = `root file system of the image (is it still in the store?)`;
  program.must(what, "mount", name, text(IN_ROOT.newRoot), text("overlay"), MS_NODEV, text(options));
}

/** What lies in the node's root has to be taken before that is left; what is the container's own, after. */
function takeMounts(
  program: Program,
  mounts: readonly Mount[],
  firstFree: number,
): { descriptors: Map<Mount, number>; firstFree: number } {
  const descriptors = new Map<Mount, number>();
  for (const mount of mounts) {
    const { bind, recursive } = mountOptions(mount.options);
    if (!bind || isOwn(mount)) continue;
    const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
    program.must(`mount ${mount.source}`, "open_tree", AT_FDCWD, program.text(mount.source), flags);
    descriptors.set(mount, firstFree + descriptors.size);
  }
  return { descriptors, firstFree: firstFree + descriptors.size };
}

/** Of the container's own /proc, or a device of its own /dev. */
function isOwn({ source, target }: Mount): boolean {
  return source.startsWith("/proc/") || (source.startsWith("/dev/") && source !== target);
}

function hang(program: Program, mount: ImageMount, descriptor: number | undefined, firstFree: number): void {
  const { source, target, type, options } = mount;
  const what = `mount ${target}`;
  const { flags, bind, recursive, data } = mountOptions(options);
  makePlace(program, target, mount.isFolder, firstFree);
  const place = program.text(target);
  if (descriptor !== undefined) {
    const how = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS;
    program.must(what, "move_mount", descriptor, program.text(""), AT_FDCWD, place, how);
  } else if (bind) {
    const how = MS_BIND | (recursive ? MS_REC : 0);
    program.must(what, "mount", program.text(source), place, 0, how, 0);
  } else {
    const about = data === "" ? 0 : program.text(data);
    program.must(what, "mount", program.text(source), place, program.text(type), flags, about);
  }
  if (bind && flags !== 0) program.must(what, "mount", 0, place, 0, MS_REMOUNT | MS_BIND | flags, 0);
}

function makePlace(program: Program, target: string, isFolder: boolean, firstFree: number): void {
  const parts = target.split("/").filter(part => part !== "");
  const folders = isFolder ? parts.length : parts.length - 1;
  for (let length = 1; length <= folders; length++) {
    program.may("mkdirat", AT_FDCWD, program.text(`/${parts.slice(0, length).join("/")}`), 0o755);
  }
  if (isFolder) return;
  program.may("openat", AT_FDCWD, program.text(target), O_CREAT_WRONLY_CLOEXEC, 0o644);
  program.may("close_range", firstFree, 0xffffffff, 0);
}
