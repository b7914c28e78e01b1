/**
 * A socket for whole Ethernet frames of one device (packet(7)): sends any, receives those of one EtherType that come in,
 * cut down by a filter of the kernel where that is too many.
 *
 * ```
 * sockaddr_ll   u16 family | be16 protocol | i32 index | u16 | u8 | u8 length | 8 address        20 bytes
 * sock_filter   u16 code | u8 if true | u8 if false | u32 value                                 8 bytes
 * sock_fprog    u16 length | 6 pad | u64 address of the filter                                   16 bytes
 * ```
 */
import { check } from "./errors.ts";
import { closeFd } from "./fd.ts";
import { type NativeMemory, nativeMemory, writeWord64 } from "./memory.ts";
import { inNamespace } from "./namespace.ts";
import { errno, libc } from "./native.ts";
import { withRtnetlink } from "./rtnetlink.ts";
import { SOL } from "./socket.ts";

const AF_PACKET = 17;
const SOCK_RAW_NONBLOCK_CLOEXEC = 0x80803;
const SO_ATTACH_FILTER = 26;
const ADDRESS_BYTES = 20;
const FILTER_BYTES = 8;

/** One comparison: the byte at `at` of the frame is `value`. */
export interface ByteIs {
  readonly at: number;
  readonly value: number;
}

export interface LinkSocketOptions {
  readonly device: string;
  readonly etherType: number;
  /** Only frames for which all of these hold. */
  readonly only?: readonly ByteIs[];
  /** Descriptor of the network namespace; the calling thread's own when absent. */
  readonly namespace?: number;
}

export class LinkSocket {
  readonly fd: number;
  readonly #out = nativeMemory(2048);

  constructor({ device, etherType, only = [], namespace }: LinkSocketOptions) {
    const object = `packet socket on ${device}`;
    const link = withRtnetlink(namespace, network => network.findLink(device));
    if (!link) throw new Error(`${object}: this network namespace has no such device`);
    // Protocol 0 receives nothing until it is bound, and by then the filter is there.
    const open = () => libc.socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0);
    this.fd = check(inNamespace(namespace, open), "socket", object);
    try {
      if (only.length > 0) this.#filter(only, object);
      const address = nativeMemory(ADDRESS_BYTES);
      address.view.setUint16(0, AF_PACKET, true);
      address.view.setUint16(2, etherType);
      address.view.setInt32(4, link.index, true);
      check(libc.bind(this.fd, address.address, ADDRESS_BYTES), "bind", object);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Sends one frame; false when the kernel did not take it. */
  send(frame: Uint8Array): boolean {
    this.#out.u8.set(frame);
    return libc.send(this.fd, this.#out.address, frame.length, 0) === frame.length;
  }

  /** Receives one frame into `memory`; its bytes, or -errno (EAGAIN: there is none). */
  receive(memory: NativeMemory): number {
    const received = libc.recv(this.fd, memory.address, memory.u8.length, 0);
    return received < 0 ? -errno() : received;
  }

  close(): void {
    closeFd(this.fd);
  }

  /** Classic BPF: load a byte, go on when it is as wanted, else drop; in the end take the whole frame. */
  #filter(only: readonly ByteIs[], object: string): void {
    const LOAD_BYTE = 0x30;
    const JUMP_EQUAL = 0x15;
    const RETURN = 0x06;
    const steps = 2 * only.length;
    const program: [code: number, yes: number, no: number, value: number][] = only.flatMap(
      ({ at, value }, i) => [
        [LOAD_BYTE, 0, 0, at],
        [JUMP_EQUAL, 0, steps - 2 * i - 1, value],
      ],
    );
    program.push([RETURN, 0, 0, 0x40000], [RETURN, 0, 0, 0]);
    const filter = nativeMemory(program.length * FILTER_BYTES);
    for (const [index, [code, yes, no, value]] of program.entries()) {
      const at = index * FILTER_BYTES;
      filter.view.setUint16(at, code, true);
      filter.view.setUint8(at + 2, yes);
      filter.view.setUint8(at + 3, no);
      filter.view.setUint32(at + 4, value, true);
    }
    const header = nativeMemory(16);
    header.view.setUint16(0, program.length, true);
    writeWord64(header.u32, 8, filter.address);
    check(libc.setsockopt(this.fd, SOL.socket, SO_ATTACH_FILTER, header.address, 16), "setsockopt", object);
  }
}
