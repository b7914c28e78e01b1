/** Sockets to a server of other names, opened in the network that it is asked from. */
import { LinuxError, Socket } from "@podwire/linux";

export interface Server {
  readonly address: string;
  readonly port: number;
  /** Descriptor of the network namespace that it is asked from; absent: this process's own. */
  readonly namespace?: number | undefined;
}

export function familyOf({ address }: Server): 4 | 6 {
  return address.includes(":") ? 6 : 4;
}

/** A descriptor of an unconnected socket. */
export function openSocket(server: Server, type: "udp" | "tcp"): Socket {
  const { namespace } = server;
  const where = namespace === undefined ? {} : { namespace };
  return Socket.open({ family: familyOf(server), type, nonBlocking: true, ...where });
}

/** A descriptor of a TCP socket on its way to be connected. */
export function connecting(server: Server): number {
  const socket = openSocket(server, "tcp");
  try {
    socket.connect(server.address, server.port);
  } catch (error) {
    if (error instanceof LinuxError && error.code === "EINPROGRESS") return socket.fd;
    socket.close();
    throw error;
  }
  return socket.fd;
}
