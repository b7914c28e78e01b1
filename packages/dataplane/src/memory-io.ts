/**
 * The in-memory twin of PacketIo: TUN devices are queues of byte arrays, the underlay is a `MemoryNetwork` that
 * joins several of these by address. For tests and simulations; it allocates as it likes.
 *
 * Stricter than the kernel where that finds faults: iovecs are gathered at `flush`, so that memory that was
 * reused too early shows, and messages that UDP_SEGMENT would refuse are assertions.
 */
import { parseAddress } from "@podwire/tables";
import { IOVEC_BYTES } from "./offload/index.ts";
import { type Arena, FAILED, LANES, type PacketIo, RECEIVED } from "./ports.ts";

const EAGAIN = 11;
const EBADF = 9;
const EMSGSIZE = 90;
const ENETUNREACH = 101;
const MESSAGES = 32;
const SLOT_BYTES = 65_536;
const MAX_SEGMENTS = 64;
const FAILED_ROWS = 64;
/** Outer IP and UDP headers. */
const OUTER_IPV4 = 28;
const OUTER_IPV6 = 48;

/** Bytes of the arena that a MemoryIo keeps source addresses in. */
export const MEMORY_IO_SCRATCH_BYTES = MESSAGES * 16;

/** One message on its way: datagrams of `segmentSize` bytes, the last may be shorter. */
export interface Message {
  readonly from: string;
  readonly to: string;
  readonly tos: number;
  readonly lane: number;
  readonly bytes: Uint8Array;
  readonly segmentSize: number;
}

/** The underlay: nodes by address, and what a test makes of the way between them. */
export class MemoryNetwork {
  readonly #nodes = new Map<string, MemoryIo>();
  /** Decides what becomes of a message: what it returns arrives, in that order. */
  impair: (message: Message) => readonly Message[] = message => [message];
  /** The largest outer IP packet from one node to another. */
  mtu: (from: string, to: string) => number = () => 65_535;

  join(address: string, io: MemoryIo): void {
    this.#nodes.set(address, io);
  }

  has(address: string): boolean {
    return this.#nodes.has(address);
  }

  send(message: Message): void {
    for (const arriving of this.impair(message)) this.#nodes.get(arriving.to)?.arrived.push(arriving);
  }
}

interface Queued {
  readonly peer: number;
  readonly lane: number;
  readonly tos: number;
  readonly iovecsAt: number;
  readonly iovecCount: number;
  readonly bytes: number;
  readonly segmentSize: number;
}

export class MemoryIo implements PacketIo {
  readonly arena: Arena;
  readonly received = new Int32Array(MESSAGES * RECEIVED.columns);
  readonly failed = new Int32Array(FAILED_ROWS * FAILED.columns);
  /** What `readTun` reads, virtio-net header first, and what `writeTun` wrote; by port. A port exists when it is here. */
  readonly toRead = new Map<number, Uint8Array[]>();
  readonly written = new Map<number, Uint8Array[]>();
  /** What came from the network and was not received yet. */
  readonly arrived: Message[] = [];
  readonly #network: MemoryNetwork;
  readonly #address: string;
  readonly #scratchAt: number;
  readonly #peers = new Map<number, string>();
  #queued: Queued[] = [];

  constructor(arena: Arena, scratchAt: number, network: MemoryNetwork, address: string) {
    this.arena = arena;
    this.#scratchAt = scratchAt;
    this.#network = network;
    this.#address = address;
    network.join(address, this);
  }

  addPort(port: number): void {
    this.toRead.set(port, []);
    this.written.set(port, []);
  }

  removePort(port: number): void {
    this.toRead.delete(port);
    this.written.delete(port);
  }

  readTun(port: number, at: number, capacity: number): number {
    const queue = this.toRead.get(port);
    if (queue === undefined) return -EBADF;
    const packet = queue.shift();
    if (packet === undefined) return -EAGAIN;
    // As a read of a TUN device: what does not fit is cut off.
    const bytes = Math.min(packet.length, capacity);
    this.arena.u8.set(packet.subarray(0, bytes), at);
    return bytes;
  }

  writeTun(port: number, iovecsAt: number, iovecCount: number): number {
    const queue = this.written.get(port);
    if (queue === undefined) return -EBADF;
    const packet = this.#gather(iovecsAt, iovecCount);
    queue.push(packet);
    return packet.length;
  }

  receiveUnderlay(at: number, capacity: number): number {
    const count = Math.min(this.arrived.length, MESSAGES, Math.floor(capacity / SLOT_BYTES));
    if (count === 0) return -EAGAIN;
    for (let index = 0; index < count; index++) {
      const message = this.arrived.shift()!;
      const slotAt = at + index * SLOT_BYTES;
      const sourceAt = this.#scratchAt + index * 16;
      this.arena.u8.set(message.bytes, slotAt);
      for (const [word, value] of parseAddress(message.from)!.entries()) {
        this.arena.view.setInt32(sourceAt + word * 4, value);
      }
      const row = index * RECEIVED.columns;
      this.received[row + RECEIVED.at] = slotAt;
      this.received[row + RECEIVED.length] = message.bytes.length;
      this.received[row + RECEIVED.segmentSize] = message.segmentSize;
      this.received[row + RECEIVED.sourceAt] = sourceAt;
      this.received[row + RECEIVED.tos] = message.tos;
    }
    return count;
  }

  setPeer(peer: number, address: string, _udpPort: number): void {
    if (parseAddress(address) === undefined) throw new Error(`setPeer ${peer}: "${address}" is no address`);
    this.#peers.set(peer, address);
  }

  queueUnderlay(
    peer: number,
    lane: number,
    tos: number,
    iovecsAt: number,
    iovecCount: number,
    bytes: number,
    segmentSize: number,
  ): void {
    if (lane < 0 || lane >= LANES) throw new Error(`queueUnderlay: lane ${lane}`);
    this.#queued.push({ peer, lane, tos, iovecsAt, iovecCount, bytes, segmentSize });
  }

  flush(): number {
    let failures = 0;
    for (const queued of this.#queued) {
      const errno = this.#send(queued);
      if (errno === 0) continue;
      const row = failures++ * FAILED.columns;
      const address = this.#peers.get(queued.peer) ?? "";
      this.failed[row + FAILED.peer] = queued.peer;
      this.failed[row + FAILED.errno] = errno;
      this.failed[row + FAILED.pathMtu] = errno === EMSGSIZE ? this.#network.mtu(this.#address, address) : 0;
      this.failed[row + FAILED.datagrams] = Math.ceil(queued.bytes / queued.segmentSize);
    }
    this.#queued = [];
    return failures;
  }

  #send(queued: Queued): number {
    const { peer, lane, tos, segmentSize } = queued;
    const bytes = this.#gather(queued.iovecsAt, queued.iovecCount);
    if (bytes.length !== queued.bytes) {
      throw new Error(`queueUnderlay: ${queued.bytes} bytes announced, ${bytes.length} gathered`);
    }
    if (Math.ceil(bytes.length / segmentSize) > MAX_SEGMENTS || bytes.length > 65_507) {
      throw new Error(`queueUnderlay: ${bytes.length} bytes in segments of ${segmentSize}`);
    }
    const to = this.#peers.get(peer);
    if (to === undefined || !this.#network.has(to)) return ENETUNREACH;
    const outer = to.includes(":") ? OUTER_IPV6 : OUTER_IPV4;
    if (Math.min(segmentSize, bytes.length) + outer > this.#network.mtu(this.#address, to)) return EMSGSIZE;
    this.#network.send({ from: this.#address, to, tos, lane, bytes, segmentSize });
    return 0;
  }

  #gather(iovecsAt: number, iovecCount: number): Uint8Array {
    const { u32, u8 } = this.arena;
    const parts: Uint8Array[] = [];
    for (let index = 0; index < iovecCount; index++) {
      const word = (iovecsAt + index * IOVEC_BYTES) >>> 2;
      const at = u32[word]!;
      const end = at + u32[word + 2]!;
      if (u32[word + 1] !== 0 || u32[word + 3] !== 0 || end > u8.length) {
        throw new Error(`iovec ${index} of ${iovecCount} points out of the arena`);
      }
      parts.push(u8.subarray(at, end));
    }
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}
