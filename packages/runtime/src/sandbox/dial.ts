/**
 * A TCP connection from inside a pod's network: as if a process of the pod had dialled, so that it reaches what listens
 * on the pod's loopback and needs no route to the pod.
 *
 * A socket belongs to the network namespace it was made in; only that is done there, connecting is left to the event
 * loop.
 */
import { once } from "node:events";
import { Socket } from "node:net";
import { getSystemErrorMap } from "node:util";
import { closeNamespace, openNamespace, Socket as RawSocket } from "@podwire/linux";
import { LIMITS } from "../limits.ts";
import type { ProcessIdentity } from "../process/identity.ts";

/** As upstream, localhost is tried over IPv4 and then over IPv6. */
const LOCALHOST = ["127.0.0.1", "::1"];

/** Rejects with what went wrong at each address. The connection may be closed one way at a time. */
export async function dialInside(
  holder: ProcessIdentity,
  port: number,
  address: string | undefined,
): Promise<Socket> {
  const failures: string[] = [];
  for (const host of address === undefined ? LOCALHOST : [address]) {
    try {
      return await connect(holder, host, port);
    } catch (cause) {
      failures.push(`dial tcp ${host.includes(":") ? `[${host}]` : host}:${port}: ${reason(cause)}`);
    }
  }
  throw new Error(failures.join("; "));
}

/** In the words of the kubelet. */
function reason(cause: unknown): string {
  const { errno, message } = cause as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  return known ? `connect: ${known[1]}` : message;
}

async function connect(holder: ProcessIdentity, host: string, port: number): Promise<Socket> {
  const namespace = openNamespace(holder.pid);
  let fd: number;
  try {
    ({ fd } = RawSocket.open({
      family: host.includes(":") ? 6 : 4,
      type: "tcp",
      nonBlocking: true,
      namespace,
    }));
  } finally {
    closeNamespace(namespace);
  }
  // Reading must not begin before there is a connection: it would fail. The option is net's own, as TLS uses it.
  const options = { fd, allowHalfOpen: true, readable: true, writable: true, manualStart: true };
  const socket = new Socket(options);
  socket.setNoDelay(true);
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer within ${LIMITS.dialTimeoutMs} ms`)),
    LIMITS.dialTimeoutMs,
  );
  socket.connect({ host, port });
  try {
    await once(socket, "connect");
    return socket;
  } finally {
    clearTimeout(timer);
  }
}
