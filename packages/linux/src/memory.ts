/**
 * Memory whose address is known: what system calls read from and write to.
 *
 * V8 never moves the bytes of an ArrayBuffer that is not on its own heap, and a buffer of more than 64 bytes is
 * not, so an address stays true for as long as the NativeMemory is referenced. `createArena` takes the buffer of a
 * WebAssembly.Memory instead (also immovable, it is never grown), so that WebAssembly code reads the same bytes.
 */

import type { Arena } from "@podwire/dataplane";
import { LIMITS } from "./limits.ts";
import { koffi } from "./native.ts";

const WASM_PAGE_BYTES = 65536;

/** The part of the WebAssembly API that is used here; TypeScript ships its types with the DOM only. */
declare const WebAssembly: {
  Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

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

/** The arena of a data plane: `bytes` are rounded up to whole WebAssembly pages of 64 KiB. */
export function createArena(bytes: number): Arena {
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  return { memory, ...views(memory.buffer) };
}

/** Writes a 64-bit address (or length) as two little-endian words, without a BigInt. */
export function writeWord64(u32: Uint32Array, at: number, value: number): void {
  u32[at >>> 2] = value;
  u32[(at >>> 2) + 1] = value / 2 ** 32;
}

function views(buffer: ArrayBuffer): NativeMemory {
  return {
    u8: new Uint8Array(buffer),
    u32: new Uint32Array(buffer),
    i32: new Int32Array(buffer),
    view: new DataView(buffer),
    address: Number(koffi().address(buffer)),
  };
}
