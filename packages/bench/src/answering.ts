/**
 * Waits until a pod answers HTTP, asked from the network namespace of another node. Nothing announces the
 * moment at which a server begins to listen, so it is asked again and again, each try bounded by a few
 * milliseconds: a SYN lost before the pod is wired must not cost its retransmission timeout.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  closeNamespace,
  LinuxError,
  nativeMemory,
  openNamespace,
  POLL,
  pollFd,
  Socket,
} from "@podwire/linux";

const CONNECT_MS = 10;
const ANSWER_MS = 250;
const ANSWER_BYTES = 4096;

/** Resolves when GET `path` of `http://address:port` gives 200; rejects after `timeoutMs`. */
export async function answersHttp(
  fromPid: number,
  address: string,
  port: number,
  path: string,
  timeoutMs: number,
): Promise<void> {
  const namespace = openNamespace(fromPid);
  const end = performance.now() + timeoutMs;
  try {
    while (!askOnce(namespace, address, port, path)) {
      if (performance.now() > end)
        throw new Error(`http://${address}:${port}${path}: no answer in ${timeoutMs} ms`);
      await nextTurn();
    }
  } finally {
    closeNamespace(namespace);
  }
}

/** IPv4 only: one try, at most CONNECT_MS + ANSWER_MS long. */
function askOnce(namespace: number, address: string, port: number, path: string): boolean {
  const socket = Socket.open({ family: 4, type: "tcp", nonBlocking: true, namespace });
  try {
    startConnecting(socket, address, port);
    if ((pollFd(socket.fd, POLL.out, CONNECT_MS) & POLL.out) === 0) return false;
    const memory = nativeMemory(ANSWER_BYTES);
    const request = new TextEncoder().encode(
      `GET ${path} HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`,
    );
    memory.u8.set(request);
    if (socket.send(memory, 0, request.length) !== request.length) return false;
    if ((pollFd(socket.fd, POLL.in, ANSWER_MS) & POLL.in) === 0) return false;
    const received = socket.receive(memory, 0, ANSWER_BYTES);
    return received > 0 && /^HTTP\/1\.1 200 /.test(new TextDecoder().decode(memory.u8.slice(0, received)));
  } finally {
    socket.close();
  }
}

/** Pending is how a non-blocking connect begins; refused or unreachable is found by the first send. */
function startConnecting(socket: Socket, address: string, port: number): void {
  try {
    socket.connect(address, port);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
  }
}
