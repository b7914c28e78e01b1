/**
 * A PacketIo that plays the same packets over and over and throws away what it is given, without allocating: for
 * measuring time and heap. `tun` and `underlay` say what comes; `remaining` how often.
 */
import { type Arena, type PacketIo, RECEIVED } from "../ports.ts";

const EAGAIN = 11;
const MESSAGES = 32;
const SLOT_BYTES = 65_536;
/** Behind a virtio-net header and an IPv4 header without options. */
const IPV4_PORTS_AT = 10 + 20;

export class ReplayIo implements PacketIo {
  readonly arena: Arena;
  readonly received = new Int32Array(MESSAGES * RECEIVED.columns);
  readonly failed = new Int32Array(0);
  /** Virtio-net header and packet that every read yields. */
  tun: Uint8Array = new Uint8Array(0);
  /** Whether each read has the next source port: a new flow, until they are all used up. */
  variesSourcePort = false;
  #sourcePort = 1024;
  /** Message that every receive yields thirty-two times, and the size of its datagrams. */
  underlay: Uint8Array = new Uint8Array(0);
  segmentSize = 0;
  /** Reads and messages still to come. */
  remaining = 0;
  written = 0;
  queued = 0;
  queuedBytes = 0;
  flushes = 0;
  readonly #sourceAt: number;

  /** `sourceAt`: 16 bytes of the arena that hold the outer source. */
  constructor(arena: Arena, sourceAt: number) {
    this.arena = arena;
    this.#sourceAt = sourceAt;
  }

  readTun(_port: number, at: number, _capacity: number): number {
    if (this.remaining === 0) return -EAGAIN;
    this.remaining--;
    this.arena.u8.set(this.tun, at);
    if (this.variesSourcePort) {
      this.#sourcePort = this.#sourcePort === 0xffff ? 1024 : this.#sourcePort + 1;
      this.arena.view.setUint16(at + IPV4_PORTS_AT, this.#sourcePort);
    }
    return this.tun.length;
  }

  writeTun(_port: number, _iovecsAt: number, _iovecCount: number): number {
    this.written++;
    return 1000;
  }

  receiveUnderlay(at: number, _capacity: number): number {
    const count = Math.min(MESSAGES, this.remaining);
    if (count === 0) return -EAGAIN;
    this.remaining -= count;
    for (let index = 0; index < count; index++) {
      const row = index * RECEIVED.columns;
      this.arena.u8.set(this.underlay, at + index * SLOT_BYTES);
      this.received[row + RECEIVED.at] = at + index * SLOT_BYTES;
      this.received[row + RECEIVED.length] = this.underlay.length;
      this.received[row + RECEIVED.segmentSize] = this.segmentSize;
      this.received[row + RECEIVED.sourceAt] = this.#sourceAt;
      this.received[row + RECEIVED.tos] = 0;
    }
    return count;
  }

  setPeer(): void {}

  queueUnderlay(
    _peer: number,
    _lane: number,
    _tos: number,
    _iovecsAt: number,
    _iovecCount: number,
    bytes: number,
    _segmentSize: number,
  ): void {
    this.queued++;
    this.queuedBytes += bytes;
  }

  flush(): number {
    this.flushes++;
    return 0;
  }
}
