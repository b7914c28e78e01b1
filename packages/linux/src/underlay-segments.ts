/**
 * The way out where the kernel or the device refuses UDP_SEGMENT: gather each datagram and send it alone.
 * Slow (a copy and a system call a datagram), and rare: a device without checksum offload on an old kernel.
 */

import type { Arena } from "@podwire/dataplane/ports";
import { type NativeMemory, nativeMemory } from "./memory.ts";
import { IOVEC_BYTES, MSG_DONTWAIT } from "./message-header.ts";
import { errno, libc } from "./native.ts";

const LARGEST_DATAGRAM = 65_535;

let bounce: NativeMemory | undefined;

/** Returns 0, or the errno of the first datagram that failed; those behind it are not sent. */
export function sendSegments(
  fd: number,
  arena: Arena,
  iovecsAt: number,
  bytes: number,
  segmentSize: number,
  name: number,
  nameBytes: number,
): number {
  bounce ??= nativeMemory(LARGEST_DATAGRAM);
  let iovec = iovecsAt;
  let within = 0;
  for (let sent = 0; sent < bytes; ) {
    const wanted = Math.min(segmentSize, bytes - sent);
    for (let filled = 0; filled < wanted; ) {
      const base = word64(arena.u32, iovec) - arena.address + within;
      const taken = Math.min(wanted - filled, arena.u32[(iovec + 8) >> 2]! - within);
      bounce.u8.set(arena.u8.subarray(base, base + taken), filled);
      filled += taken;
      within += taken;
      if (within === arena.u32[(iovec + 8) >> 2]!) {
        iovec += IOVEC_BYTES;
        within = 0;
      }
    }
    if (libc.sendto(fd, bounce.address, wanted, MSG_DONTWAIT, name, nameBytes) < 0) return errno();
    sent += wanted;
  }
  return 0;
}

function word64(u32: Uint32Array, at: number): number {
  return u32[at >> 2]! + u32[(at >> 2) + 1]! * 2 ** 32;
}
