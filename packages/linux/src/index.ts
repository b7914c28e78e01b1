/** TUN devices, network namespaces, netlink, batched UDP: everything of Podwire that calls the kernel directly. */

export { Epoll } from "./epoll.ts";
export { ERRNO } from "./errno.ts";
export { LinuxError } from "./errors.ts";
export { closeFd, EventFd, POLL, pollFd, readFd, writeFd } from "./fd.ts";
export { createArena, type NativeMemory, nativeMemory, writeWord64 } from "./memory.ts";
export {
  closeNamespace,
  inNamespace,
  namespaceInode,
  namespaceInodeOf,
  openNamespace,
  openNamespacePath,
} from "./namespace.ts";
export { Rtnetlink, withRtnetlink } from "./rtnetlink.ts";
export type { LinkAddress } from "./rtnetlink-address.ts";
export type { Link, LinkChange, VethOptions, VxlanOptions } from "./rtnetlink-link.ts";
export type { Route } from "./rtnetlink-route.ts";
export { SO, SOL, Socket, type SocketOptions, TCP } from "./socket.ts";
export { readSysctl, writeSysctl } from "./sysctl.ts";
export { closeTun, deleteTun, openTun, type Tun, type TunOptions, VIRTIO_HEADER_BYTES } from "./tun.ts";
