/**
 * The data plane's ports over the real thing: TUN descriptors, one overlay socket that hears, LANES that send.
 * Calls of the hot path allocate nothing and return `-errno`; opening and peers throw.
 */

import { type Arena, LANES, type PacketIo } from "@podwire/dataplane/ports";
import { LIMITS } from "./limits.ts";
import { errno, libc } from "./native.ts";
import type { Socket } from "./socket.ts";
import { UnderlayPeers } from "./underlay-peers.ts";
import { RECEIVER_SCRATCH_BYTES, UnderlayReceiver } from "./underlay-receive.ts";
import { UnderlaySender } from "./underlay-send.ts";
import { openLane, openReceiver, underlayFamily } from "./underlay-socket.ts";

/** Bytes of the arena that belong to the LinuxPacketIo (source addresses of what was received). */
export const PACKET_IO_SCRATCH_BYTES = RECEIVER_SCRATCH_BYTES;

export interface LinuxPacketIoOptions {
  readonly arena: Arena;
  /** Where PACKET_IO_SCRATCH_BYTES of the arena are its own; a multiple of 8. */
  readonly scratchAt: number;
  /** Port on which the overlay is heard. */
  readonly udpPort: number;
  /** Descriptor of the underlay's network namespace; the calling thread's own when absent. */
  readonly namespace?: number;
}

export class LinuxPacketIo implements PacketIo {
  readonly arena: Arena;
  readonly received: Int32Array;
  readonly failed: Int32Array;
  /** Readable when datagrams wait; for epoll. */
  readonly underlayFd: number;
  readonly #fds = new Int32Array(LIMITS.tunPorts).fill(-1);
  readonly #address: number;
  readonly #sockets: readonly Socket[];
  readonly #peers: UnderlayPeers;
  readonly #receiver: UnderlayReceiver;
  readonly #sender: UnderlaySender;
  readonly #read = libc.read;
  readonly #writev = libc.writev;

  constructor(options: LinuxPacketIoOptions) {
    const { arena, namespace } = options;
    const family = underlayFamily(namespace);
    const hears = openReceiver(family, options.udpPort, namespace);
    const lanes = Array.from({ length: LANES }, () => openLane(family, namespace));
    this.arena = arena;
    this.#address = arena.address;
    this.#sockets = [hears, ...lanes];
    this.#peers = new UnderlayPeers(family, namespace);
    this.#receiver = new UnderlayReceiver(hears.fd, arena, options.scratchAt);
    this.#sender = new UnderlaySender(
      lanes.map(lane => lane.fd),
      arena,
      this.#peers,
    );
    this.underlayFd = hears.fd;
    this.received = this.#receiver.rows;
    this.failed = this.#sender.failed;
  }

  /** Serves a TUN descriptor as `port`; the descriptor stays the caller's. */
  addPort(port: number, fd: number): void {
    if (port < 0 || port >= LIMITS.tunPorts) {
      throw new RangeError(`port ${port}: must be 0 to ${LIMITS.tunPorts - 1}; the node has too many pods`);
    }
    this.#fds[port] = fd;
  }

  /** Reads and writes of `port` are -EBADF from now on. */
  removePort(port: number): void {
    this.#fds[port] = -1;
  }

  portFd(port: number): number {
    return this.#fds[port]!;
  }

  readTun(port: number, at: number, capacity: number): number {
    const bytes = this.#read(this.#fds[port]!, this.#address + at, capacity);
    return bytes < 0 ? -errno() : bytes;
  }

  writeTun(port: number, iovecsAt: number, iovecCount: number): number {
    const bytes = this.#writev(this.#fds[port]!, this.#address + iovecsAt, iovecCount);
    return bytes < 0 ? -errno() : bytes;
  }

  receiveUnderlay(at: number, capacity: number): number {
    return this.#receiver.receive(at, capacity);
  }

  setPeer(peer: number, address: string, udpPort: number): void {
    this.#peers.set(peer, address, udpPort);
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
    this.#sender.queue(peer, lane, tos, iovecsAt, iovecCount, bytes, segmentSize);
  }

  flush(): number {
    return this.#sender.flush();
  }

  /** Closes the sockets; the TUN descriptors stay open. */
  close(): void {
    for (const socket of this.#sockets) socket.close();
  }
}
