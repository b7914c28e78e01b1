/**
 * Memory whose address is known: what system calls read from and write to.
 *
 * V8 never moves the bytes of an ArrayBuffer that is not on its own heap, and a buffer of more than 64 bytes is
 * not, so an address stays true for as long as the NativeMemory is referenced. The same holds for the buffer of a
 * WebAssembly.Memory that is never grown.
 */

import { closeSync, openSync, rmSync } from "node:fs";
import { LIMITS } from "./limits.ts";
import { errno, koffi, libc } from "./native.ts";

export interface NativeMemory {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly view: DataView;
  /** Address of byte 0 in this process. */
  readonly address: number;
}

export function nativeMemory(bytes: number): NativeMemory {
  const rounded = Math.max(LIMITS.smallestNativeBytes, (bytes + 7) & ~7);
  return views(new ArrayBuffer(rounded));
}

/**
 * A file's bytes as memory, zeroed, for as long as the process lives; what is written there, the file has, also when the
 * process is killed. An old file of that name is replaced by the new one. Throws what the file system refuses: all of the
 * room is taken at once, because a write to memory that finds none later ends the process (SIGBUS).
 */
export function memoryInFile(path: string, bytes: number): ArrayBuffer {
  rmSync(path, { force: true });
  const fd = openSync(path, "wx+", 0o600);
  try {
    const refused = libc.posix_fallocate(fd, 0, bytes);
    if (refused !== 0) throw new Error(`${path}: ${bytes} bytes cannot be set aside: error ${refused}`);
    const address = libc.mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (Number(address) === MAP_FAILED) throw new Error(`${path}: mmap: error ${errno()}`);
    return koffi().view(address, bytes);
  } finally {
    closeSync(fd);
  }
}

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
/** (void *) −1. */
const MAP_FAILED = 2 ** 64;

/** Writes a 64-bit address (or length) as two little-endian words, without a BigInt. */
export function writeWord64(u32: Uint32Array, at: number, value: number): void {
  u32[at >>> 2] = value;
  u32[(at >>> 2) + 1] = value / 2 ** 32;
}

/** Where a buffer lies in this process. Keep a reference to it while the address is in use. */
export function addressOf(buffer: ArrayBuffer): number {
  return Number(koffi().address(buffer));
}

function views(buffer: ArrayBuffer): NativeMemory {
  return {
    u8: new Uint8Array(buffer),
    u32: new Uint32Array(buffer),
    i32: new Int32Array(buffer),
    view: new DataView(buffer),
    address: addressOf(buffer),
  };
}
