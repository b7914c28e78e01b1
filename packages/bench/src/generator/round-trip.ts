/** TCP ping-pong: one small message there and back, over and over; the time of every round trip counts. */
import { nativeMemory } from "@podwire/linux";
import type { RoundTripResult } from "./contract.ts";
import { checked, connect, type Endpoint, listen } from "./endpoint.ts";
import { Histogram } from "./histogram.ts";

const MESSAGE_BYTES = 64;

/** Sends back all it gets, one connection after the other, until it is killed. */
export function runEcho(task: Endpoint, onListening: () => void): never {
  const server = listen(task);
  const memory = nativeMemory(MESSAGE_BYTES);
  onListening();
  for (;;) {
    const socket = server.accept()!;
    for (;;) {
      const received = socket.receive(memory, 0, MESSAGE_BYTES);
      if (received <= 0) break;
      if (socket.send(memory, 0, received) < 0) break;
    }
    socket.close();
  }
}

export function runPing(task: Endpoint & { seconds: number; warmUpSeconds: number }): RoundTripResult {
  const socket = connect(task, "no-delay");
  const memory = nativeMemory(MESSAGE_BYTES);
  const histogram = new Histogram();
  const opensAt = performance.now() + task.warmUpSeconds * 1000;
  const end = opensAt + task.seconds * 1000;
  let sentAt = performance.now();
  while (sentAt < end) {
    checked(socket.send(memory, 0, MESSAGE_BYTES), "send");
    for (let received = 0; received < MESSAGE_BYTES; ) {
      const more = checked(socket.receive(memory, received, MESSAGE_BYTES - received), "receive");
      if (more === 0) throw new Error("the server closed the connection");
      received += more;
    }
    const now = performance.now();
    if (sentAt >= opensAt) histogram.record((now - sentAt) * 1e6);
    sentAt = now;
  }
  socket.close();
  return {
    count: histogram.count,
    p50Microseconds: histogram.percentile(0.5) / 1000,
    p99Microseconds: histogram.percentile(0.99) / 1000,
  };
}
