/** Listening as Go does on ":port": on both families at once, or on IPv4 where the kernel has no IPv6. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import type { Server } from "node:net";

export function listenTcp(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      server.removeAllListeners("error");
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    };
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EAFNOSUPPORT" && cause.code !== "EADDRNOTAVAIL") return reject(cause);
      server.once("error", reject);
      server.listen({ port, host: "0.0.0.0" }, settle);
    });
    server.listen({ port, host: "::" }, settle);
  });
}

/** Binds to one address, or to all of both families when it is empty. */
export async function listenUdp(address: string, port: number): Promise<UdpSocket> {
  if (address !== "") return bind(createSocket(address.includes(":") ? "udp6" : "udp4"), address, port);
  try {
    return await bind(createSocket("udp6"), "::", port);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL") throw cause;
    return bind(createSocket("udp4"), "0.0.0.0", port);
  }
}

function bind(socket: UdpSocket, address: string, port: number): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    socket.once("error", cause => {
      socket.close();
      reject(cause);
    });
    socket.bind({ address, port }, () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}
