/**
 * Bulk TCP. The source fills all of its connections for a while and closes them; the sink reads them to
 * their end and counts what arrives within a window that opens after the warm-up, together with the
 * processor time of the machine in that same window.
 */
import { Epoll, type NativeMemory, nativeMemory, POLL, pollFd, type Socket } from "@podwire/linux";
import { STREAM_BUFFER_BYTES } from "../limits.ts";
import { busySeconds } from "../processor-time.ts";
import type { StreamResult } from "./contract.ts";
import { checked, connect, EAGAIN, type Endpoint, listen } from "./endpoint.ts";

/** Between looks at the clock of a loop that finds every socket full. */
const FULL_WAIT_MS = 1;

export function runSource(task: Endpoint & { streams: number; seconds: number }): void {
  const memory = nativeMemory(STREAM_BUFFER_BYTES);
  const sockets = Array.from({ length: task.streams }, () => connect(task, "default"));
  const end = performance.now() + task.seconds * 1000;
  if (sockets.length === 1) fillOne(sockets[0]!, memory, end);
  else fillAll(sockets, memory, end);
  for (const socket of sockets) socket.shutdown("write");
  for (const socket of sockets) while (checked(socket.receive(memory, 0, 1), "receive") > 0);
}

function fillOne(socket: Socket, memory: NativeMemory, end: number): void {
  while (performance.now() < end) checked(socket.send(memory, 0, STREAM_BUFFER_BYTES), "send");
}

/** In turn, as iperf3 does; when all are full, it waits for the next in turn. */
function fillAll(sockets: readonly Socket[], memory: NativeMemory, end: number): void {
  for (const socket of sockets) socket.setNonBlocking(true);
  let turn = 0;
  let full = 0;
  while (performance.now() < end) {
    const socket = sockets[turn]!;
    const sent = socket.send(memory, 0, STREAM_BUFFER_BYTES);
    full = sent === EAGAIN ? full + 1 : 0;
    if (sent !== EAGAIN) checked(sent, "send");
    else if (full >= sockets.length) pollFd(socket.fd, POLL.out, FULL_WAIT_MS);
    turn = (turn + 1) % sockets.length;
  }
  for (const socket of sockets) socket.setNonBlocking(false);
}

interface SinkTask extends Endpoint {
  readonly streams: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export function runSink(task: SinkTask, onListening: () => void): StreamResult {
  const server = listen(task);
  onListening();
  const sockets = Array.from({ length: task.streams }, () => server.accept()!);
  const window = new Window(task);
  const memory = nativeMemory(STREAM_BUFFER_BYTES);
  if (sockets.length === 1) drainOne(sockets[0]!, memory, window);
  else drainAll(sockets, memory, window);
  return window.result();
}

function drainOne(socket: Socket, memory: NativeMemory, window: Window): void {
  for (;;) {
    const received = checked(socket.receive(memory, 0, STREAM_BUFFER_BYTES), "receive");
    if (received === 0) break;
    window.count(received);
  }
  socket.close();
}

function drainAll(sockets: readonly Socket[], memory: NativeMemory, window: Window): void {
  const epoll = new Epoll();
  for (const [tag, socket] of sockets.entries()) epoll.add(socket.fd, tag);
  let open = sockets.length;
  while (open > 0) {
    const ready = epoll.wait(-1);
    for (let at = 0; at < ready; at += 1) {
      const socket = sockets[epoll.tag(at)]!;
      const received = checked(socket.receive(memory, 0, STREAM_BUFFER_BYTES), "receive");
      if (received > 0) {
        window.count(received);
        continue;
      }
      epoll.remove(socket.fd);
      socket.close();
      open -= 1;
    }
  }
}

/** Bytes and processor time from `warmUpSeconds` after the first byte on, for `seconds`. */
class Window {
  private readonly warmUpMs: number;
  private readonly lengthMs: number;
  private opensAt = Number.POSITIVE_INFINITY;
  private closesAt = Number.POSITIVE_INFINITY;
  private state: "before" | "warming-up" | "open" | "closed" = "before";
  private bytes = 0;
  private lastAt = 0;
  private busyAtStart = 0;
  private busyAtEnd = 0;

  constructor(task: SinkTask) {
    this.warmUpMs = task.warmUpSeconds * 1000;
    this.lengthMs = task.seconds * 1000;
  }

  count(received: number): void {
    if (this.state === "closed") return;
    const now = performance.now();
    if (this.state === "open") {
      this.bytes += received;
      this.lastAt = now;
      if (now >= this.closesAt) this.close();
    } else if (this.state === "before") {
      this.opensAt = now + this.warmUpMs;
      this.state = "warming-up";
    } else if (now >= this.opensAt) {
      this.opensAt = now;
      this.closesAt = now + this.lengthMs;
      this.busyAtStart = busySeconds();
      this.state = "open";
    }
  }

  /** When the source ends before the window does, the window ends with the last byte. */
  result(): StreamResult {
    if (this.state === "open") this.close();
    const seconds = Math.max(0, this.lastAt - this.opensAt) / 1000;
    return { bytes: this.bytes, seconds, busySeconds: this.busyAtEnd - this.busyAtStart };
  }

  private close(): void {
    this.state = "closed";
    this.busyAtEnd = busySeconds();
  }
}
