/**
 * Plain TCP and UDP sockets, and sockets for whole packets, synchronous, for code that has a thread of its own
 * (traffic generators, tests).
 * `send` and `receive` return bytes or `-errno`; everything else throws a LinuxError.
 */

import { ERRNO } from "./errno.ts";
import { check, LinuxError } from "./errors.ts";
import { closeFd } from "./fd.ts";
import { type NativeMemory, nativeMemory } from "./memory.ts";
import { inNamespace } from "./namespace.ts";
import { errno, libc } from "./native.ts";
import {
  AF_INET,
  AF_INET6,
  readSocketAddress,
  SOCKET_ADDRESS_BYTES,
  writeSocketAddress,
} from "./socket-address.ts";

const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const AF_PACKET = 17;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const F_GETFL = 3;
const F_SETFL = 4;
const MSG_NOSIGNAL = 0x4000;
/** IPPROTO_ICMP and IPPROTO_ICMPV6. */
const PING_PROTOCOL = { 4: 1, 6: 58 } as const;
/** Its sockets send packets whose IP header is the caller's. */
const IPPROTO_RAW = 255;
/** ETH_P_IP and ETH_P_IPV6, in network order as packet(7) wants them. */
const ETHER_TYPE = { 4: 0x0008, 6: 0xdd86 } as const;

/** Levels and names for `setOption`. */
export const SOL = { socket: 1, tcp: 6, udp: 17, ip: 0, ipv6: 41 } as const;
export const SO = {
  reuseAddress: 2,
  error: 4,
  sendBuffer: 7,
  receiveBuffer: 8,
  linger: 13,
  receiveTimeout: 20,
  sendTimeout: 21,
  sendBufferForce: 32,
  receiveBufferForce: 33,
} as const;
export const TCP = { noDelay: 1, maximumSegment: 2, info: 11 } as const;

export interface SocketOptions {
  readonly family: 4 | 6;
  /**
   * `ping` sends and receives ICMP echo messages without raw access (sysctl net.ipv4.ping_group_range permitting).
   * `raw` sends packets that begin with their IP header, from any source. `capture` receives every packet of the
   * family that a device of the namespace takes in, from its IP header on.
   */
  readonly type: "tcp" | "udp" | "ping" | "raw" | "capture";
  readonly nonBlocking?: boolean;
  /** Descriptor of the network namespace to open it in; the calling thread's own when absent. */
  readonly namespace?: number;
}

export class Socket {
  readonly fd: number;
  readonly #scratch = nativeMemory(SOCKET_ADDRESS_BYTES + 8);
  readonly #send = libc.send;
  readonly #receive = libc.recv;

  constructor(fd: number) {
    this.fd = fd;
  }

  static open(options: SocketOptions): Socket {
    const { domain, kind, protocol } = kindOf(options);
    const flags = kind | SOCK_CLOEXEC | (options.nonBlocking === true ? SOCK_NONBLOCK : 0);
    const object = `${options.type} socket over IPv${options.family}`;
    return new Socket(
      inNamespace(options.namespace, () => check(libc.socket(domain, flags, protocol), "socket", object)),
    );
  }

  bind(address: string, port: number): void {
    const length = writeSocketAddress(this.#scratch.u8, 0, address, port);
    check(libc.bind(this.fd, this.#scratch.address, length), "bind", endpoint(address, port));
  }

  /** Blocks until connected; a non-blocking socket throws EINPROGRESS, then wait for it to be writable. */
  connect(address: string, port: number): void {
    const length = writeSocketAddress(this.#scratch.u8, 0, address, port);
    check(libc.connect(this.fd, this.#scratch.address, length), "connect", endpoint(address, port));
  }

  listen(backlog: number): void {
    check(libc.listen(this.fd, backlog), "listen", `socket ${this.fd}`);
  }

  /** The next connection; on a non-blocking socket undefined when there is none. */
  accept(nonBlocking = false): Socket | undefined {
    const fd = libc.accept4(this.fd, 0, 0, SOCK_CLOEXEC | (nonBlocking ? SOCK_NONBLOCK : 0));
    if (fd >= 0) return new Socket(fd);
    const reason = errno();
    if (reason === ERRNO.EAGAIN) return undefined;
    throw new LinuxError("accept", `socket ${this.fd}`, reason);
  }

  /** Sends `length` bytes at `at` of `memory`; returns how many were taken or -errno. Never raises SIGPIPE. */
  send(memory: NativeMemory, at: number, length: number, flags = 0): number {
    const sent = this.#send(this.fd, memory.address + at, length, flags | MSG_NOSIGNAL);
    return sent < 0 ? -errno() : sent;
  }

  /** Receives into `memory`; returns bytes, 0 at the end of a stream, or -errno. */
  receive(memory: NativeMemory, at: number, capacity: number, flags = 0): number {
    const received = this.#receive(this.fd, memory.address + at, capacity, flags);
    return received < 0 ? -errno() : received;
  }

  sendTo(memory: NativeMemory, at: number, length: number, address: string, port: number): number {
    const size = writeSocketAddress(this.#scratch.u8, 0, address, port);
    const from = memory.address + at;
    const sent = libc.sendto(this.fd, from, length, MSG_NOSIGNAL, this.#scratch.address, size);
    return sent < 0 ? -errno() : sent;
  }

  /** Receives one datagram; `from` is undefined when the result is negative. */
  receiveFrom(memory: NativeMemory, at: number, capacity: number): ReceivedFrom {
    const { address, view, u8 } = this.#scratch;
    view.setUint32(SOCKET_ADDRESS_BYTES, SOCKET_ADDRESS_BYTES, true);
    const into = memory.address + at;
    const bytes = libc.recvfrom(this.fd, into, capacity, 0, address, address + SOCKET_ADDRESS_BYTES);
    if (bytes < 0) return { bytes: -errno(), from: undefined };
    return { bytes, from: readSocketAddress(u8, 0) };
  }

  setOption(level: number, option: number, value: number): void {
    this.#scratch.view.setInt32(0, value, true);
    const result = libc.setsockopt(this.fd, level, option, this.#scratch.address, 4);
    check(result, "setsockopt", `socket ${this.fd}, option ${level}/${option}`);
  }

  option(level: number, option: number): number {
    this.#scratch.view.setUint32(4, 4, true);
    const { address } = this.#scratch;
    const result = libc.getsockopt(this.fd, level, option, address, address + 4);
    check(result, "getsockopt", `socket ${this.fd}, option ${level}/${option}`);
    return this.#scratch.view.getInt32(0, true);
  }

  setNonBlocking(nonBlocking: boolean): void {
    const flags = libc.fcntl(this.fd, F_GETFL, 0) & ~SOCK_NONBLOCK;
    check(
      libc.fcntl(this.fd, F_SETFL, flags | (nonBlocking ? SOCK_NONBLOCK : 0)),
      "fcntl",
      `socket ${this.fd}`,
    );
  }

  /** How long a blocking receive may wait; it then returns -EAGAIN. */
  setReceiveTimeout(timeoutMs: number): void {
    this.#setTimeout(SO.receiveTimeout, timeoutMs);
  }

  /** How long a blocking send or connect may wait; they then fail with EAGAIN or EINPROGRESS. */
  setSendTimeout(timeoutMs: number): void {
    this.#setTimeout(SO.sendTimeout, timeoutMs);
  }

  local(): { address: string; port: number } {
    const { address, view, u8 } = this.#scratch;
    view.setUint32(SOCKET_ADDRESS_BYTES, SOCKET_ADDRESS_BYTES, true);
    const result = libc.getsockname(this.fd, address, address + SOCKET_ADDRESS_BYTES);
    check(result, "getsockname", `socket ${this.fd}`);
    return readSocketAddress(u8, 0);
  }

  /** `struct timeval`: seconds and microseconds, 64 bits each. */
  #setTimeout(option: number, timeoutMs: number): void {
    const { u32, address } = this.#scratch;
    u32.fill(0, 0, 4);
    u32[0] = Math.floor(timeoutMs / 1000);
    u32[2] = (timeoutMs % 1000) * 1000;
    check(libc.setsockopt(this.fd, SOL.socket, option, address, 16), "setsockopt", `socket ${this.fd}`);
  }

  shutdown(how: "read" | "write" | "both"): void {
    libc.shutdown(this.fd, { read: 0, write: 1, both: 2 }[how]);
  }

  close(): void {
    closeFd(this.fd);
  }
}

/** Waits for a server that takes connections one loop of its own after the other; the kernel cuts it to somaxconn. */
const LISTEN_BACKLOG = 511;

/** A TCP socket that listens in a namespace, for whoever takes descriptors (`net.Server.listen({ fd })`), and closes them. */
export function listeningSocket(address: string, port: number, namespace: number): number {
  const family = address.includes(":") ? 6 : 4;
  const socket = Socket.open({ family, type: "tcp", nonBlocking: true, namespace });
  try {
    // A server that was killed leaves connections in TIME_WAIT, which would keep the port from the next one.
    socket.setOption(SOL.socket, SO.reuseAddress, 1);
    socket.bind(address, port);
    socket.listen(LISTEN_BACKLOG);
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket.fd;
}

export interface ReceivedFrom {
  readonly bytes: number;
  readonly from: { address: string; port: number } | undefined;
}

function kindOf({ family, type }: SocketOptions): { domain: number; kind: number; protocol: number } {
  const domain = family === 4 ? AF_INET : AF_INET6;
  switch (type) {
    case "tcp":
      return { domain, kind: SOCK_STREAM, protocol: 0 };
    case "udp":
      return { domain, kind: SOCK_DGRAM, protocol: 0 };
    case "ping":
      return { domain, kind: SOCK_DGRAM, protocol: PING_PROTOCOL[family] };
    case "raw":
      return { domain, kind: SOCK_RAW, protocol: IPPROTO_RAW };
    case "capture":
      // SOCK_DGRAM: without the device's own header, which TUN devices have none of.
      return { domain: AF_PACKET, kind: SOCK_DGRAM, protocol: ETHER_TYPE[family] };
  }
}

function endpoint(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
