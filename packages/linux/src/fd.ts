/**
 * Raw descriptors: non-blocking read and write, poll of one descriptor, an eventfd.
 * Calls return `-errno` instead of throwing, for callers in a loop.
 */

import { check } from "./errors.ts";
import { type NativeMemory, nativeMemory } from "./memory.ts";
import { errno, libc } from "./native.ts";

export const POLL = { in: 0x001, out: 0x004, error: 0x008, hangUp: 0x010 } as const;

const EFD_CLOEXEC = 0x80000;
const EFD_NONBLOCK = 0x800;
const POLLFD_BYTES = 8;

export function readFd(fd: number, address: number, bytes: number): number {
  const result = libc.read(fd, address, bytes);
  return result < 0 ? -errno() : result;
}

export function writeFd(fd: number, address: number, bytes: number): number {
  const result = libc.write(fd, address, bytes);
  return result < 0 ? -errno() : result;
}

export function closeFd(fd: number): void {
  check(libc.close(fd), "close", `descriptor ${fd}`);
}

let pollMemory: NativeMemory | undefined;

/** Waits until `events` of POLL (or an error) is there; returns what is, 0 after `timeoutMs` (-1: no limit). */
export function pollFd(fd: number, events: number, timeoutMs: number): number {
  pollMemory ??= nativeMemory(POLLFD_BYTES);
  pollMemory.view.setInt32(0, fd, true);
  pollMemory.view.setInt32(4, events, true);
  const ready = libc.poll(pollMemory.address, 1, timeoutMs);
  return ready > 0 ? pollMemory.view.getUint16(6, true) : 0;
}

/** Waits until one of several descriptors is ready; returns how many are, 0 after `timeoutMs`. */
export function pollFds(wanted: readonly { fd: number; events: number }[], timeoutMs: number): number {
  const memory = nativeMemory(wanted.length * POLLFD_BYTES);
  for (const [i, { fd, events }] of wanted.entries()) {
    memory.view.setInt32(i * POLLFD_BYTES, fd, true);
    memory.view.setInt32(i * POLLFD_BYTES + 4, events, true);
  }
  return Math.max(0, libc.poll(memory.address, wanted.length, timeoutMs));
}

/** A counter that wakes an epoll of another thread. */
export class EventFd {
  readonly fd: number;
  readonly #value = nativeMemory(8);

  constructor(fd: number = check(libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd", "eventfd")) {
    this.fd = fd;
    this.#value.u32[0] = 1;
  }

  ring(): void {
    this.#value.u32[0] = 1;
    this.#value.u32[1] = 0;
    libc.write(this.fd, this.#value.address, 8);
  }

  /** Takes all rings so far. */
  drain(): void {
    libc.read(this.fd, this.#value.address, 8);
  }

  close(): void {
    closeFd(this.fd);
  }
}

/** Offers the core to other threads; returns at once when nobody wants it. */
export function yieldCore(): void {
  libc.sched_yield();
}
