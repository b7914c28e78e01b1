/** Sockets as the generator opens them: servers that are listening, clients that are connected. */
import { type Socket as LinuxSocket, SO, SOL, Socket, TCP } from "@podwire/linux";
import type { Family } from "../cases.ts";
import { PORT } from "./contract.ts";

export interface Endpoint {
  readonly address: string;
  readonly family: Family;
}

const BACKLOG = 128;

/** What `receive` and `send` return when the moment is not right. */
export const EAGAIN = -11;

export function listen({ address, family }: Endpoint): LinuxSocket {
  const socket = Socket.open({ family: version(family), type: "tcp" });
  socket.setOption(SOL.socket, SO.reuseAddress, 1);
  socket.bind(address, PORT);
  socket.listen(BACKLOG);
  return socket;
}

/**
 * `no-delay` sends small messages at once (TCP_NODELAY), as request and response programs do. Bulk senders
 * and iperf3 do not set it; on the kernel's paths that alone halves or doubles their throughput.
 */
export function connect({ address, family }: Endpoint, delay: "no-delay" | "default"): LinuxSocket {
  const socket = Socket.open({ family: version(family), type: "tcp" });
  if (delay === "no-delay") socket.setOption(SOL.tcp, TCP.noDelay, 1);
  socket.connect(address, PORT);
  return socket;
}

export function datagrams({ family }: Endpoint): LinuxSocket {
  return Socket.open({ family: version(family), type: "udp" });
}

/** Throws when a call failed; returns its bytes otherwise. */
export function checked(bytes: number, what: string): number {
  if (bytes < 0) throw new Error(`${what}: error number ${-bytes}`);
  return bytes;
}

function version(family: Family): 4 | 6 {
  return family === "ipv4" ? 4 : 6;
}
