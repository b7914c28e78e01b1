/**
 * epoll, level-triggered, with results in typed arrays.
 *
 * ```
 * struct epoll_event   x64 (packed, 12 bytes)   arm64 (16 bytes)
 *   u32 events                 0                      0
 *   u64 data                   4                      8      the low word is the caller's tag
 * ```
 */

import { check } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { nativeMemory } from "./memory.ts";
import { errno, libc } from "./native.ts";

const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 0x001;
const EPOLLERR = 0x008;

const PACKED = process.arch === "x64";
const EVENT_WORDS = PACKED ? 3 : 4;
const TAG_WORD = PACKED ? 1 : 2;

export class Epoll {
  readonly fd: number;
  readonly #events = nativeMemory(LIMITS.epollEvents * EVENT_WORDS * 4);
  readonly #words = this.#events.u32;
  readonly #address = this.#events.address;
  readonly #wait = libc.epoll_wait;

  constructor() {
    this.fd = check(libc.epoll_create1(EPOLL_CLOEXEC), "epoll_create1", "epoll");
  }

  /** Reports `fd` as `tag` (any 32-bit number) whenever it is readable. */
  add(fd: number, tag: number): void {
    this.#words[0] = EPOLLIN;
    this.#words[TAG_WORD] = tag;
    this.#words[TAG_WORD + 1] = 0;
    check(libc.epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, this.#address), "epoll_ctl", `descriptor ${fd}`);
  }

  remove(fd: number): void {
    check(libc.epoll_ctl(this.fd, EPOLL_CTL_DEL, fd, this.#address), "epoll_ctl", `descriptor ${fd}`);
  }

  /** Number of descriptors that are readable, 0 after `timeoutMs` (0: do not wait, -1: no limit), or -errno. */
  wait(timeoutMs: number): number {
    const ready = this.#wait(this.fd, this.#address, LIMITS.epollEvents, timeoutMs);
    return ready < 0 ? -errno() : ready;
  }

  /** Tag of the `index`-th readable descriptor of the last `wait`. */
  tag(index: number): number {
    return this.#words[index * EVENT_WORDS + TAG_WORD]!;
  }

  /** Whether that descriptor is broken: its device is gone. It is reported again and again until removed. */
  isBroken(index: number): boolean {
    return (this.#words[index * EVENT_WORDS]! & EPOLLERR) !== 0;
  }

  close(): void {
    check(libc.close(this.fd), "close", "epoll");
  }
}
