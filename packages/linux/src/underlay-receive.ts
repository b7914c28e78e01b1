/**
 * From the underlay: one recvmmsg fills slots of the arena, each with one datagram or with many of one flow that the
 * kernel merged (UDP_GRO). Headers are laid out once; a call writes only what the kernel overwrote last time.
 *
 * ```
 * arena   [at] slot 0 | slot 1 | … 64 KiB each          [sourcesAt] sockaddr 0 | sockaddr 1 | … 32 bytes each
 * own     mmsghdr × N | iovec × N | control × N
 * ```
 */

import { type Arena, RECEIVED } from "@podwire/dataplane/ports";
import { LIMITS } from "./limits.ts";
import { nativeMemory, writeWord64 } from "./memory.ts";
import {
  CONTROL,
  CONTROL_SLOT_BYTES,
  IOVEC_BYTES,
  MESSAGE,
  MSG_DONTWAIT,
  NAME_SLOT_BYTES,
  SOL_UDP,
  UDP_GRO,
} from "./message-header.ts";
import { errno, libc } from "./native.ts";
import { AF_INET, SOCKET_ADDRESS_BYTES } from "./socket-address.ts";

const N = LIMITS.receiveMessages;
const IOVECS_AT = N * MESSAGE.size;
const CONTROLS_AT = IOVECS_AT + N * IOVEC_BYTES;
const IPV6_ADDRESS = 8;
const IPV4_ADDRESS = 4;

/** Bytes of the arena that the receiver needs for source addresses. */
export const RECEIVER_SCRATCH_BYTES = N * NAME_SLOT_BYTES;

export class UnderlayReceiver {
  readonly rows = new Int32Array(N * RECEIVED.columns);
  readonly #fd: number;
  readonly #arena: Arena;
  readonly #sourcesAt: number;
  readonly #own = nativeMemory(CONTROLS_AT + N * CONTROL_SLOT_BYTES);
  readonly #recvmmsg = libc.recvmmsg;
  #at = -1;
  /** Messages whose headers the kernel has overwritten. */
  #used = 0;

  constructor(fd: number, arena: Arena, sourcesAt: number) {
    this.#fd = fd;
    this.#arena = arena;
    this.#sourcesAt = sourcesAt;
    for (let i = 0; i < N; i++) this.#layOut(i);
  }

  /** Fills `rows`; returns how many, or -errno. */
  receive(at: number, capacity: number): number {
    if (at !== this.#at) this.#aim(at);
    this.#restore();
    const room = (capacity / LIMITS.underlaySlotBytes) | 0;
    const wanted = Math.min(room, N);
    const received = this.#recvmmsg(this.#fd, this.#own.address, wanted, MSG_DONTWAIT, 0);
    if (received < 0) return -errno();
    this.#used = received;
    for (let i = 0; i < received; i++) this.#describe(i);
    return received;
  }

  #layOut(i: number): void {
    const { u32, address } = this.#own;
    const header = i * MESSAGE.size;
    const name = this.#arena.address + this.#sourcesAt + i * NAME_SLOT_BYTES;
    writeWord64(u32, header + MESSAGE.name, name);
    writeWord64(u32, header + MESSAGE.iovecs, address + IOVECS_AT + i * IOVEC_BYTES);
    writeWord64(u32, header + MESSAGE.iovecCount, 1);
    writeWord64(u32, header + MESSAGE.control, address + CONTROLS_AT + i * CONTROL_SLOT_BYTES);
    u32[(header + MESSAGE.nameBytes) >> 2] = SOCKET_ADDRESS_BYTES;
    u32[(header + MESSAGE.controlBytes) >> 2] = CONTROL_SLOT_BYTES;
    writeWord64(u32, IOVECS_AT + i * IOVEC_BYTES + 8, LIMITS.underlaySlotBytes);
  }

  /** Points the slots at another place of the arena. */
  #aim(at: number): void {
    this.#at = at;
    for (let i = 0; i < N; i++) {
      const base = this.#arena.address + at + i * LIMITS.underlaySlotBytes;
      writeWord64(this.#own.u32, IOVECS_AT + i * IOVEC_BYTES, base);
    }
  }

  /** The kernel put the real lengths of name and control into the headers it used. */
  #restore(): void {
    const { u32 } = this.#own;
    for (let i = 0; i < this.#used; i++) {
      const header = i * MESSAGE.size;
      u32[(header + MESSAGE.nameBytes) >> 2] = SOCKET_ADDRESS_BYTES;
      u32[(header + MESSAGE.controlBytes) >> 2] = CONTROL_SLOT_BYTES;
    }
    this.#used = 0;
  }

  #describe(i: number): void {
    const { u32, i32, u8 } = this.#own;
    const { rows } = this;
    const header = i * MESSAGE.size;
    const row = i * RECEIVED.columns;
    const length = u32[(header + MESSAGE.bytes) >> 2]!;
    rows[row + RECEIVED.at] = this.#at + i * LIMITS.underlaySlotBytes;
    rows[row + RECEIVED.length] = length;
    rows[row + RECEIVED.segmentSize] = length;
    rows[row + RECEIVED.sourceAt] = this.#sourceAt(i);
    rows[row + RECEIVED.tos] = 0;
    let control = CONTROLS_AT + i * CONTROL_SLOT_BYTES;
    const end = control + u32[(header + MESSAGE.controlBytes) >> 2]!;
    while (control + CONTROL.data < end) {
      const bytes = u32[control >> 2]!;
      if (bytes < CONTROL.data) return;
      const isSegmentSize =
        i32[(control + CONTROL.level) >> 2] === SOL_UDP && i32[(control + CONTROL.type) >> 2] === UDP_GRO;
      // IP_TOS carries one byte, IPV6_TCLASS an int below 256: its first byte is all of it.
      if (isSegmentSize) rows[row + RECEIVED.segmentSize] = i32[(control + CONTROL.data) >> 2]!;
      else rows[row + RECEIVED.tos] = u8[control + CONTROL.data]!;
      control += (bytes + 7) & ~7;
    }
  }

  /** Where the 16 bytes of the source address lie; an IPv4 socket's four are mapped in place. */
  #sourceAt(i: number): number {
    const name = this.#sourcesAt + i * NAME_SLOT_BYTES;
    const { u8, u32 } = this.#arena;
    if (u8[name] !== AF_INET) return name + IPV6_ADDRESS;
    const word = name >> 2;
    u32[word + 5] = u32[(name + IPV4_ADDRESS) >> 2]!;
    u32[word + 2] = 0;
    u32[word + 3] = 0;
    u32[word + 4] = 0xffff0000;
    return name + IPV6_ADDRESS;
  }
}
