/**
 * To the underlay: messages queue per lane (a socket with a source port of its own) and go out by one sendmmsg a lane.
 * A message is one datagram, or up to 64 of one size that the kernel cuts apart (UDP_SEGMENT); its bytes stay where the
 * pipeline's iovecs point.
 *
 * When a send fails, the messages behind it still go. What is too large for the path is reported with the path MTU;
 * what the device cannot segment is sent datagram by datagram.
 */

import { type Arena, FAILED, LANES } from "@podwire/dataplane/ports";
import { ERRNO } from "./errno.ts";
import { POLL, pollFd } from "./fd.ts";
import { LIMITS } from "./limits.ts";
import { type NativeMemory, nativeMemory, writeWord64 } from "./memory.ts";
import {
  CONTROL,
  CONTROL_SLOT_BYTES,
  IP_TOS,
  IPV6_TCLASS,
  MESSAGE,
  MSG_DONTWAIT,
  SOL_IP,
  SOL_IPV6,
  SOL_UDP,
  UDP_SEGMENT,
} from "./message-header.ts";
import { errno, libc } from "./native.ts";
import type { UnderlayPeers } from "./underlay-peers.ts";
import { sendSegments } from "./underlay-segments.ts";

const QUEUE = LIMITS.laneMessages;
const LANE_MESSAGES_BYTES = QUEUE * MESSAGE.size;
const LANE_BYTES = LANE_MESSAGES_BYTES + QUEUE * CONTROL_SLOT_BYTES;
const UINT16_CONTROL_BYTES = CONTROL.data + 2;
const INT32_CONTROL_BYTES = CONTROL.data + 4;
/** Outer IPv6, UDP; what a datagram needs beside its own bytes. IPv4 needs 20 less. */
const IPV4_UDP_BYTES = 28;
const IPV6_UDP_BYTES = 48;

export class UnderlaySender {
  readonly failed = new Int32Array(LIMITS.failedRows * FAILED.columns);
  readonly #fds: readonly number[];
  readonly #arena: Arena;
  readonly #peers: UnderlayPeers;
  readonly #own: NativeMemory;
  readonly #sendmmsg = libc.sendmmsg;
  /** Queued messages of each lane, and for each of those what a failure report needs. */
  readonly #queued = new Int32Array(LANES);
  readonly #peer = new Int32Array(LANES * QUEUE);
  readonly #bytes = new Int32Array(LANES * QUEUE);
  readonly #segmentSize = new Int32Array(LANES * QUEUE);
  #failures = 0;
  #waited = false;

  /** `fds` are LANES sockets. */
  constructor(fds: readonly number[], arena: Arena, peers: UnderlayPeers) {
    this.#fds = fds;
    this.#arena = arena;
    this.#peers = peers;
    this.#own = nativeMemory(LANES * LANE_BYTES);
    for (let lane = 0; lane < LANES; lane++) for (let i = 0; i < QUEUE; i++) this.#layOut(lane, i);
  }

  queue(
    peer: number,
    lane: number,
    tos: number,
    iovecsAt: number,
    iovecCount: number,
    bytes: number,
    segmentSize: number,
  ): void {
    let i = this.#queued[lane]!;
    if (i === QUEUE) {
      this.#flushLane(lane);
      i = 0;
    }
    this.#queued[lane] = i + 1;
    const slot = lane * QUEUE + i;
    this.#peer[slot] = peer;
    this.#bytes[slot] = bytes;
    this.#segmentSize[slot] = segmentSize;
    const { u32 } = this.#own;
    const header = lane * LANE_BYTES + i * MESSAGE.size;
    writeWord64(u32, header + MESSAGE.name, this.#peers.nameAddress(peer));
    writeWord64(u32, header + MESSAGE.iovecs, this.#arena.address + iovecsAt);
    u32[(header + MESSAGE.iovecCount) >> 2] = iovecCount;
    let controlBytes = 0;
    if (segmentSize < bytes) {
      this.#control(lane, i, 0, UINT16_CONTROL_BYTES, SOL_UDP, UDP_SEGMENT, segmentSize);
      controlBytes = CONTROL.sizeWithNumber;
    }
    if (tos !== 0) {
      if (this.#peers.isIPv4(peer))
        this.#control(lane, i, controlBytes, INT32_CONTROL_BYTES, SOL_IP, IP_TOS, tos);
      else this.#control(lane, i, controlBytes, INT32_CONTROL_BYTES, SOL_IPV6, IPV6_TCLASS, tos);
      controlBytes += CONTROL.sizeWithNumber;
    }
    u32[(header + MESSAGE.controlBytes) >> 2] = controlBytes;
  }

  /** Sends all lanes; returns how many messages failed since the last call, described in `failed`. */
  flush(): number {
    for (let lane = 0; lane < LANES; lane++) if (this.#queued[lane] !== 0) this.#flushLane(lane);
    const failures = this.#failures;
    this.#failures = 0;
    this.#waited = false;
    return failures;
  }

  #layOut(lane: number, i: number): void {
    const { u32, address } = this.#own;
    const header = lane * LANE_BYTES + i * MESSAGE.size;
    const control = lane * LANE_BYTES + LANE_MESSAGES_BYTES + i * CONTROL_SLOT_BYTES;
    u32[(header + MESSAGE.nameBytes) >> 2] = this.#peers.nameBytes;
    writeWord64(u32, header + MESSAGE.control, address + control);
  }

  #control(
    lane: number,
    i: number,
    at: number,
    bytes: number,
    level: number,
    type: number,
    value: number,
  ): void {
    const { u32 } = this.#own;
    const word = (lane * LANE_BYTES + LANE_MESSAGES_BYTES + i * CONTROL_SLOT_BYTES + at) >> 2;
    u32[word] = bytes;
    u32[word + CONTROL.level / 4] = level;
    u32[word + CONTROL.type / 4] = type;
    u32[word + CONTROL.data / 4] = value;
  }

  #flushLane(lane: number): void {
    const count = this.#queued[lane]!;
    const base = this.#own.address + lane * LANE_BYTES;
    const fd = this.#fds[lane]!;
    let sent = 0;
    while (sent < count) {
      const result = this.#sendmmsg(fd, base + sent * MESSAGE.size, count - sent, MSG_DONTWAIT);
      if (result > 0) sent += result;
      else if (!this.#recovered(fd, lane, sent, errno())) sent++;
    }
    this.#queued[lane] = 0;
  }

  /** After a refusal of message `i`: true when it is worth trying it again, else it is dealt with. */
  #recovered(fd: number, lane: number, i: number, reason: number): boolean {
    if (reason === ERRNO.EINTR) return true;
    if ((reason === ERRNO.EAGAIN || reason === ERRNO.ENOBUFS) && !this.#waited) {
      this.#waited = true;
      if (pollFd(fd, POLL.out, LIMITS.sendWaitMs) !== 0) return true;
    }
    const slot = lane * QUEUE + i;
    const peer = this.#peer[slot]!;
    const bytes = this.#bytes[slot]!;
    const segmentSize = this.#segmentSize[slot]!;
    let why = reason;
    let pathMtu = 0;
    if (reason === ERRNO.EMSGSIZE || reason === ERRNO.EINVAL || reason === ERRNO.EIO) {
      pathMtu = this.#peers.pathMtu(peer);
      const largest = segmentSize + (this.#peers.isIPv4(peer) ? IPV4_UDP_BYTES : IPV6_UDP_BYTES);
      if (pathMtu !== 0 && largest > pathMtu) why = ERRNO.EMSGSIZE;
      else if (segmentSize < bytes) why = this.#sendApart(fd, lane, i, bytes, segmentSize);
    }
    if (why !== 0) this.#report(peer, why, pathMtu, Math.ceil(bytes / segmentSize));
    return false;
  }

  /** The device cannot segment: one send a datagram. Returns 0 or the errno that stopped it. */
  #sendApart(fd: number, lane: number, i: number, bytes: number, segmentSize: number): number {
    const { u32 } = this.#own;
    const header = lane * LANE_BYTES + i * MESSAGE.size;
    const word = (header + MESSAGE.iovecs) >> 2;
    const iovecsAt = u32[word]! + u32[word + 1]! * 2 ** 32 - this.#arena.address;
    const name = this.#peers.nameAddress(this.#peer[lane * QUEUE + i]!);
    return sendSegments(fd, this.#arena, iovecsAt, bytes, segmentSize, name, this.#peers.nameBytes);
  }

  #report(peer: number, reason: number, pathMtu: number, datagrams: number): void {
    if (this.#failures === LIMITS.failedRows) return;
    const row = this.#failures++ * FAILED.columns;
    this.failed[row + FAILED.peer] = peer;
    this.failed[row + FAILED.errno] = reason;
    this.failed[row + FAILED.pathMtu] = pathMtu;
    this.failed[row + FAILED.datagrams] = datagrams;
  }
}
