/**
 * UDP sockets of the overlay. One of family IPv6 serves both families (IPv4 as ::ffff:a.b.c.d); where the kernel
 * has no IPv6 it is of family IPv4. Outer packets are never fragmented: a datagram larger than the path fails.
 */

import { ERRNO } from "./errno.ts";
import { LinuxError } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { SOL_IP, SOL_IPV6, SOL_UDP, UDP_GRO } from "./message-header.ts";
import { SO, SOL, Socket } from "./socket.ts";

const IP_MTU_DISCOVER = 10;
const IP_RECVTOS = 13;
const IP_MTU = 14;
const IPV6_MTU_DISCOVER = 23;
const IPV6_MTU = 24;
const IPV6_V6ONLY = 26;
const IPV6_DONTFRAG = 62;
const IPV6_RECVTCLASS = 66;
const PMTUDISC_DO = 2;

export type UnderlayFamily = 4 | 6;

/** 6 when the kernel has IPv6 (and so both), else 4. */
export function underlayFamily(namespace: number | undefined): UnderlayFamily {
  try {
    Socket.open(withNamespace(6, namespace)).close();
    return 6;
  } catch (error) {
    if (error instanceof LinuxError && error.errno === ERRNO.EAFNOSUPPORT) return 4;
    throw error;
  }
}

/** The socket that hears the overlay: bound to its port, merging what belongs together (UDP_GRO). */
export function openReceiver(family: UnderlayFamily, udpPort: number, namespace?: number): Socket {
  const socket = open(family, udpPort, namespace);
  socket.setOption(SOL_UDP, UDP_GRO, 1);
  socket.setOption(SOL_IP, IP_RECVTOS, 1);
  if (family === 6) socket.setOption(SOL_IPV6, IPV6_RECVTCLASS, 1);
  grow(socket, SO.receiveBufferForce, SO.receiveBuffer);
  return socket;
}

/** A socket that only sends, from a port of its own. */
export function openLane(family: UnderlayFamily, namespace?: number): Socket {
  const socket = open(family, 0, namespace);
  grow(socket, SO.sendBufferForce, SO.sendBuffer);
  return socket;
}

/** The path MTU that the kernel knows towards an address now; 0 when there is no route. */
export function knownPathMtu(family: 4 | 6, address: string, namespace?: number): number {
  const socket = Socket.open(withNamespace(family, namespace));
  try {
    socket.connect(address, 9);
    return family === 4 ? socket.option(SOL_IP, IP_MTU) : socket.option(SOL_IPV6, IPV6_MTU);
  } catch (error) {
    if (error instanceof LinuxError) return 0;
    throw error;
  } finally {
    socket.close();
  }
}

function open(family: UnderlayFamily, udpPort: number, namespace: number | undefined): Socket {
  const socket = Socket.open({ ...withNamespace(family, namespace), nonBlocking: true });
  try {
    socket.setOption(SOL_IP, IP_MTU_DISCOVER, PMTUDISC_DO);
    if (family === 6) {
      socket.setOption(SOL_IPV6, IPV6_V6ONLY, 0);
      socket.setOption(SOL_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_DO);
      socket.setOption(SOL_IPV6, IPV6_DONTFRAG, 1);
    }
    socket.bind(family === 6 ? "::" : "0.0.0.0", udpPort);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function withNamespace(family: 4 | 6, namespace: number | undefined) {
  return { family, type: "udp", ...(namespace === undefined ? {} : { namespace }) } as const;
}

/** Without CAP_NET_ADMIN the kernel's rmem_max and wmem_max are what there is to have. */
function grow(socket: Socket, forced: number, polite: number): void {
  try {
    socket.setOption(SOL.socket, forced, LIMITS.socketBufferBytes);
  } catch {
    socket.setOption(SOL.socket, polite, LIMITS.socketBufferBytes);
  }
}
