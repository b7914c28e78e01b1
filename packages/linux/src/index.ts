/** TUN devices, network namespaces, netlink, batched UDP: everything of Podwire that calls the kernel directly. */

export { type AnswerNow, Datagrams } from "./datagrams.ts";
export { openPipe, openSocketPair, takeDescriptor } from "./descriptors.ts";
export { Epoll } from "./epoll.ts";
export { ERRNO, getSystemErrorName } from "./errno.ts";
export { LinuxError } from "./errors.ts";
export { closeFd, EventFd, POLL, pollFd, pollFds, readFd, writeFd, yieldCore } from "./fd.ts";
export { getXattr, makeFifo, makeWhiteout, setXattr } from "./files.ts";
export { type ByteIs, LinkSocket, type LinkSocketOptions } from "./link-socket.ts";
export { addressOf, memoryInFile, type NativeMemory, nativeMemory, writeWord64 } from "./memory.ts";
export {
  closeNamespace,
  inNamespace,
  namespaceInode,
  namespaceInodeOf,
  openNamespace,
  openNamespacePath,
} from "./namespace.ts";
export { changeEntries, ENTRY_MARK, type Entry, replaceEntries } from "./nftables-entry.ts";
export { type Masquerade, removeMasquerade, replaceMasquerade } from "./nftables-masquerade.ts";
export { LinuxPacketIo, type LinuxPacketIoOptions, PACKET_IO_SCRATCH_BYTES } from "./packet-io.ts";
export { openPty, type Pty, resizePty, unlockPty } from "./pty.ts";
export { Rtnetlink, withRtnetlink } from "./rtnetlink.ts";
export type { LinkAddress } from "./rtnetlink-address.ts";
export type { Link, LinkChange, VethOptions, VxlanOptions } from "./rtnetlink-link.ts";
export type { Route } from "./rtnetlink-route.ts";
export type { Rule } from "./rtnetlink-rule.ts";
export { listeningSocket, SO, SOL, Socket, type SocketOptions, TCP } from "./socket.ts";
export { readSysctl, writeSysctl } from "./sysctl.ts";
export { closeTun, deleteTun, openTun, type Tun, type TunOptions, VIRTIO_HEADER_BYTES } from "./tun.ts";
