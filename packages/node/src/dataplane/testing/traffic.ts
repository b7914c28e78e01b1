/** Traffic between test pods: echo requests, a UDP exchange, a TCP stream. Each says what it saw, or throws. */

import assert from "node:assert/strict";
import {
  ERRNO,
  type NativeMemory,
  nativeMemory,
  POLL,
  pollFds,
  SOL,
  Socket,
  type SocketOptions,
} from "@podwire/linux";
import type { TestPod } from "./pod-network.ts";

const WAIT_MS = 3000;
const ECHO_REQUEST = { 4: 8, 6: 128 } as const;
const ECHO_REPLY = { 4: 0, 6: 129 } as const;
const ICMP_HEADER_BYTES = 8;

function open(pod: TestPod, family: 4 | 6, type: SocketOptions["type"], nonBlocking = false): Socket {
  const socket = Socket.open({ family, type, nonBlocking, namespace: pod.namespace.fd });
  socket.setReceiveTimeout(WAIT_MS);
  socket.setSendTimeout(WAIT_MS);
  return socket;
}

export function addressOfPod(pod: TestPod, family: 4 | 6): string {
  return family === 4 ? pod.ipv4 : pod.ipv6;
}

export interface PingOptions {
  /** Bytes behind the ICMP header. */
  readonly bytes?: number;
  /** Do not fragment (IPv4) and say so when it is too large. */
  readonly dontFragment?: boolean;
  readonly timeToLive?: number;
}

const IP_TTL = 2;
const IP_RECVERR = 11;
const IP_MTU_DISCOVER = 10;
const PMTUDISC_DO = 2;
const IPV6_UNICAST_HOPS = 16;
const IPV6_RECVERR = 25;
const IPV6_DONTFRAG = 62;

/** One echo request; returns 0 when it was answered, else the errno of what happened instead. */
export function ping(from: TestPod, to: string, options: PingOptions = {}): number {
  const family = to.includes(":") ? 6 : 4;
  const socket = open(from, family, "ping");
  const bytes = ICMP_HEADER_BYTES + (options.bytes ?? 56);
  const memory = nativeMemory(65_536);
  try {
    if (options.dontFragment === true && family === 4) socket.setOption(SOL.ip, IP_MTU_DISCOVER, PMTUDISC_DO);
    if (options.dontFragment === true && family === 6) socket.setOption(SOL.ipv6, IPV6_DONTFRAG, 1);
    if (options.timeToLive !== undefined) {
      if (family === 4) socket.setOption(SOL.ip, IP_TTL, options.timeToLive);
      else socket.setOption(SOL.ipv6, IPV6_UNICAST_HOPS, options.timeToLive);
    }
    if (family === 4) socket.setOption(SOL.ip, IP_RECVERR, 1);
    else socket.setOption(SOL.ipv6, IPV6_RECVERR, 1);
    socket.connect(to, 0);
    memory.u8.fill(0x5a, 0, bytes);
    memory.u8.set([ECHO_REQUEST[family], 0, 0, 0, 0, 1, 0, 1]);
    const sent = socket.send(memory, 0, bytes);
    if (sent < 0) return -sent;
    const received = socket.receive(memory, 0, 65_536);
    if (received < 0) return -received;
    assert.equal(received, bytes);
    assert.equal(memory.u8[0], ECHO_REPLY[family]);
    return 0;
  } finally {
    socket.close();
  }
}

/** A datagram and its answer; returns the source address that the receiver saw. */
export function exchangeDatagram(from: TestPod, to: TestPod, family: 4 | 6, bytes: number): string {
  const server = open(to, family, "udp");
  const client = open(from, family, "udp");
  const memory = nativeMemory(65_536);
  try {
    const address = addressOfPod(to, family);
    server.bind(address, 0);
    for (let i = 0; i < bytes; i++) memory.u8[i] = i;
    assert.equal(client.sendTo(memory, 0, bytes, address, server.local().port), bytes);
    memory.u8.fill(0);
    const request = server.receiveFrom(memory, 0, 65_536);
    assert.equal(request.bytes, bytes, `${from.name} to ${to.name}: datagram of ${bytes} bytes`);
    assert.ok(memory.u8.subarray(0, bytes).every((byte, i) => byte === (i & 0xff)));
    assert.equal(server.sendTo(memory, 0, bytes, request.from!.address, request.from!.port), bytes);
    const answer = client.receiveFrom(memory, 0, 65_536);
    assert.deepEqual([answer.bytes, answer.from?.address], [bytes, address]);
    return request.from!.address;
  } finally {
    server.close();
    client.close();
  }
}

/** Sends `bytes` bytes over one connection and checks every one of them. */
export function stream(from: TestPod, to: TestPod, family: 4 | 6, bytes: number): void {
  const listener = open(to, family, "tcp");
  const address = addressOfPod(to, family);
  listener.bind(address, 0);
  listener.listen(1);
  const client = open(from, family, "tcp");
  client.connect(address, listener.local().port);
  const server = listener.accept(true)!;
  client.setNonBlocking(true);
  try {
    pump(client, server, bytes);
  } finally {
    client.close();
    server.close();
    listener.close();
  }
}

/** Byte `i` of the stream is `i % 251`: a lost, doubled or moved one shows. */
const PERIOD = 251;
const CHUNK = PERIOD * 256;

function pump(client: Socket, server: Socket, bytes: number): void {
  const out = nativeMemory(2 * CHUNK);
  const into = nativeMemory(CHUNK);
  for (let i = 0; i < 2 * CHUNK; i++) out.u8[i] = i % PERIOD;
  let sent = 0;
  for (let received = 0; received < bytes; ) {
    const taken =
      sent < bytes ? client.send(out, sent % PERIOD, Math.min(CHUNK, bytes - sent)) : -ERRNO.EAGAIN;
    assert.ok(taken > 0 || taken === -ERRNO.EAGAIN, `send: ${taken} after ${sent} of ${bytes} bytes`);
    if (taken > 0) sent += taken;
    const got = server.receive(into, 0, CHUNK);
    assert.ok(got > 0 || got === -ERRNO.EAGAIN, `receive: ${got} after ${received} of ${bytes} bytes`);
    if (got > 0) received = checkBytes(into, got, received);
    // All that arrived has been read: more data is under way, or acknowledgements that make room for more.
    else if (taken < 0) {
      const wanted: { fd: number; events: number }[] = [{ fd: server.fd, events: POLL.in }];
      if (sent < bytes) wanted.push({ fd: client.fd, events: POLL.out });
      assert.notEqual(pollFds(wanted, WAIT_MS), 0, `stopped after ${received} of ${bytes} bytes`);
    }
  }
}

function checkBytes(memory: NativeMemory, length: number, offset: number): number {
  for (let i = 0; i < length; i++) {
    if (memory.u8[i] !== (offset + i) % PERIOD) assert.fail(`byte ${offset + i} of the stream is wrong`);
  }
  return offset + length;
}
