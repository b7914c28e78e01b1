/**
 * New TCP connections, one after the other: connect, one byte there, one byte back, closed. The server
 * closes first, so that the client's ports are free again at once instead of waiting out TIME_WAIT.
 */
import { nativeMemory } from "@podwire/linux";
import type { ConnectionResult } from "./contract.ts";
import { checked, connect, type Endpoint, listen } from "./endpoint.ts";

export function runAcceptor(task: Endpoint, onListening: () => void): never {
  const server = listen(task);
  const memory = nativeMemory(1);
  onListening();
  for (;;) {
    const socket = server.accept()!;
    if (socket.receive(memory, 0, 1) > 0) socket.send(memory, 0, 1);
    socket.close();
  }
}

export function runConnector(task: Endpoint & { seconds: number }): ConnectionResult {
  const memory = nativeMemory(1);
  const start = performance.now();
  const end = start + task.seconds * 1000;
  let connections = 0;
  let now = start;
  while (now < end) {
    const socket = connect(task, "no-delay");
    checked(socket.send(memory, 0, 1), "send");
    while (checked(socket.receive(memory, 0, 1), "receive") > 0);
    socket.close();
    connections += 1;
    now = performance.now();
  }
  return { connections, seconds: (now - start) / 1000 };
}
