/**
 * The arena: the one memory of packets, headers and iovecs, as ports.ts describes it.
 *
 * It is a WebAssembly.Memory of fixed size, never grown (growing would detach every view), so that the checksum
 * kernel reads packets where they lie. Pages that nobody touched cost no memory.
 */
import type { Arena } from "../ports.ts";

/** What the pipeline needs of WebAssembly: its types come with the DOM library, which pure code does without. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

declare const WebAssembly: {
  Memory: new (descriptor: { initial: number; maximum: number }) => WasmMemory;
};

const PAGE_BYTES = 65_536;

/**
 * Makes an arena of at least `bytes` bytes. `addressOf` says where a buffer lies in the process, for the
 * iovecs that the kernel reads; without it the address is 0, and an iovec's base is the arena offset itself.
 */
export function createArena(bytes: number, addressOf?: (buffer: ArrayBuffer) => number): Arena {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  return {
    memory,
    u8: new Uint8Array(memory.buffer),
    u32: new Uint32Array(memory.buffer),
    view: new DataView(memory.buffer),
    address: addressOf?.(memory.buffer) ?? 0,
  };
}
