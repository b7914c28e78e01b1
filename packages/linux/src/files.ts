/**
 * Files that node:fs cannot make: device nodes, FIFOs and extended attributes (mknod(2), lsetxattr(2)), as the
 * layers of an image need them.
 */

import { check } from "./errors.ts";
import { type NativeMemory, nativeMemory } from "./memory.ts";
import { libc } from "./native.ts";

const S_IFIFO = 0o010000;
const S_IFCHR = 0o020000;
/** As the kernel's XATTR_SIZE_MAX. */
const LONGEST_XATTR_BYTES = 64 * 1024;

/** A character device 0:0: what overlayfs takes for "this name is not there" (a whiteout). */
export function makeWhiteout(path: string): void {
  makeNode(path, S_IFCHR);
}

export function makeFifo(path: string): void {
  makeNode(path, S_IFIFO | 0o600);
}

function makeNode(path: string, mode: number): void {
  const file = text(path);
  check(libc.mknod(file.address, mode, 0), "mknod", path);
}

/** Sets an attribute of the file itself, also where it is a symbolic link. */
export function setXattr(path: string, name: string, value: Uint8Array): void {
  const [file, key, bytes] = [text(path), text(name), nativeMemory(value.length)];
  bytes.u8.set(value);
  const result = libc.lsetxattr(file.address, key.address, bytes.address, value.length, 0);
  check(result, `lsetxattr ${name}`, path);
}

/** Value of an attribute of the file itself; undefined when it has none of this name. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const [file, key, value] = [text(path), text(name), nativeMemory(LONGEST_XATTR_BYTES)];
  const length = libc.lgetxattr(file.address, key.address, value.address, LONGEST_XATTR_BYTES);
  return length < 0 ? undefined : Buffer.from(value.u8.subarray(0, length));
}

/** A C string; keep it for as long as its address is in use. */
function text(value: string): NativeMemory {
  const bytes = Buffer.from(`${value}\0`);
  const memory = nativeMemory(bytes.length);
  memory.u8.set(bytes);
  return memory;
}
