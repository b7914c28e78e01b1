/**
 * Datagrams of a server that answers at once, many with one system call: recvmmsg fills the slots, each is answered or not,
 * sendmmsg sends the answers to where the questions came from. Nothing here waits; whoever has an event loop calls it when
 * there is something to receive.
 *
 * ```
 * mmsghdr in × N | mmsghdr out × N | iovec in × N | iovec out × N | sockaddr × N | datagram × N | answer × N
 * ```
 */
import { formatAddress } from "@podwire/wire/address";
import { LIMITS } from "./limits.ts";
import { nativeMemory, writeWord64 } from "./memory.ts";
import { IOVEC_BYTES, MESSAGE, MSG_DONTWAIT, NAME_SLOT_BYTES } from "./message-header.ts";
import { libc } from "./native.ts";
import { AF_INET, SOCKET_ADDRESS_BYTES } from "./socket-address.ts";

const N = LIMITS.serverDatagrams;
const SLOT = LIMITS.serverDatagramBytes;
const OUT_AT = N * MESSAGE.size;
const IOVECS_AT = 2 * OUT_AT;
const OUT_IOVECS_AT = IOVECS_AT + N * IOVEC_BYTES;
const NAMES_AT = OUT_IOVECS_AT + N * IOVEC_BYTES;
const SLOTS_AT = NAMES_AT + N * NAME_SLOT_BYTES;
const ANSWERS_AT = SLOTS_AT + N * SLOT;
const BYTES = ANSWERS_AT + N * SLOT;
const PORT = 2;
const IPV4_ADDRESS = 4;
const IPV6_ADDRESS = 8;
const MSG_TRUNC = 0x20;

/** The answer to send now; undefined: none. `datagram` is overwritten by the next `serve`. */
export type AnswerNow = (datagram: Uint8Array, address: string, port: number) => Uint8Array | undefined;

export class Datagrams {
  readonly #fd: number;
  readonly #own = nativeMemory(BYTES);
  readonly #recvmmsg = libc.recvmmsg;
  readonly #sendmmsg = libc.sendmmsg;
  /** Texts of IPv4 addresses by their four bytes. */
  readonly #texts = new Map<number, string>();

  /** `fd`: a bound UDP socket, whose owner closes it. */
  constructor(fd: number) {
    this.#fd = fd;
    for (let i = 0; i < N; i++) this.#layOut(i);
  }

  /**
   * Receives what there is, at most N datagrams, and sends the answers. True: there may be more. Answers for which the
   * kernel has no room are lost, as datagrams are.
   */
  serve(answer: AnswerNow): boolean {
    const { u32, address, u8 } = this.#own;
    for (let i = 0; i < N; i++) u32[(i * MESSAGE.size + MESSAGE.nameBytes) >> 2] = SOCKET_ADDRESS_BYTES;
    const received = this.#recvmmsg(this.#fd, address, N, MSG_DONTWAIT, 0);
    let answers = 0;
    for (let i = 0; i < received; i++) {
      const header = i * MESSAGE.size;
      if ((u32[(header + MESSAGE.flags) >> 2]! & MSG_TRUNC) !== 0) continue;
      const at = SLOTS_AT + i * SLOT;
      const name = NAMES_AT + i * NAME_SLOT_BYTES;
      const port = (u8[name + PORT]! << 8) | u8[name + PORT + 1]!;
      const datagram = u8.subarray(at, at + u32[(header + MESSAGE.bytes) >> 2]!);
      const bytes = port === 0 ? undefined : answer(datagram, this.#addressAt(name), port);
      if (bytes !== undefined && bytes.length <= SLOT) this.#queue(answers++, i, bytes);
    }
    if (answers > 0) this.#sendmmsg(this.#fd, address + OUT_AT, answers, MSG_DONTWAIT);
    return received === N;
  }

  #layOut(i: number): void {
    const { u32, address } = this.#own;
    const header = i * MESSAGE.size;
    writeWord64(u32, header + MESSAGE.name, address + NAMES_AT + i * NAME_SLOT_BYTES);
    writeWord64(u32, header + MESSAGE.iovecs, address + IOVECS_AT + i * IOVEC_BYTES);
    writeWord64(u32, header + MESSAGE.iovecCount, 1);
    writeWord64(u32, IOVECS_AT + i * IOVEC_BYTES, address + SLOTS_AT + i * SLOT);
    writeWord64(u32, IOVECS_AT + i * IOVEC_BYTES + 8, SLOT);
    writeWord64(u32, OUT_AT + header + MESSAGE.iovecs, address + OUT_IOVECS_AT + i * IOVEC_BYTES);
    writeWord64(u32, OUT_AT + header + MESSAGE.iovecCount, 1);
    writeWord64(u32, OUT_IOVECS_AT + i * IOVEC_BYTES, address + ANSWERS_AT + i * SLOT);
  }

  /** The answer to datagram `question` as the next to be sent. */
  #queue(next: number, question: number, bytes: Uint8Array): void {
    const { u32, u8, address } = this.#own;
    const header = OUT_AT + next * MESSAGE.size;
    writeWord64(u32, header + MESSAGE.name, address + NAMES_AT + question * NAME_SLOT_BYTES);
    u32[(header + MESSAGE.nameBytes) >> 2] = u32[(question * MESSAGE.size + MESSAGE.nameBytes) >> 2]!;
    u32[(OUT_IOVECS_AT + next * IOVEC_BYTES + 8) >> 2] = bytes.length;
    u8.set(bytes, ANSWERS_AT + next * SLOT);
  }

  #addressAt(name: number): string {
    const { u8, u32 } = this.#own;
    if (u8[name] !== AF_INET)
      return formatAddress(u8.subarray(name + IPV6_ADDRESS, name + IPV6_ADDRESS + 16));
    const key = u32[(name + IPV4_ADDRESS) >> 2]!;
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const text = formatAddress(u8.subarray(name + IPV4_ADDRESS, name + IPV4_ADDRESS + 4));
    if (this.#texts.size >= LIMITS.serverClientTexts) this.#texts.clear();
    this.#texts.set(key, text);
    return text;
  }
}
