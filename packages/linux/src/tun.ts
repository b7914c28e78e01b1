/**
 * TUN devices with virtio-net headers: one read or write is one IP packet of up to 64 KiB behind ten bytes that say
 * how it is to be segmented and checksummed.
 *
 * A device is made inside a namespace by a short setns; its descriptor then works from anywhere. A persistent one keeps
 * its address, routes and connections while no process holds it: `openTun` with the same name attaches to it again.
 */

import { closeSync, constants, openSync } from "node:fs";
import { ERRNO } from "./errno.ts";
import { check, LinuxError } from "./errors.ts";
import { nativeMemory } from "./memory.ts";
import { inNamespace } from "./namespace.ts";
import { errno, libc } from "./native.ts";
import { withRtnetlink } from "./rtnetlink.ts";

const TUN_PATH = "/dev/net/tun";

const TUNSETIFF = 0x400454ca;
const TUNSETPERSIST = 0x400454cb;
const TUNSETOFFLOAD = 0x400454d0;
const TUNSETVNETHDRSZ = 0x400454d8;

const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;

const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;
const TUN_F_USO4 = 0x20;
const TUN_F_USO6 = 0x40;
const TCP_OFFLOAD = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
const UDP_OFFLOAD = TUN_F_USO4 | TUN_F_USO6;

const IFREQ_BYTES = 40;
const IFREQ_FLAGS = 16;
const NAME_LIMIT = 15;

/** `struct virtio_net_hdr` without num_buffers (virtio 1.2 §5.1.6). */
export const VIRTIO_HEADER_BYTES = 10;

export interface TunOptions {
  readonly name: string;
  /** Descriptor of the network namespace to make it in; the calling thread's own when absent. */
  readonly namespace?: number;
  /** Keep the device when its descriptor is closed. */
  readonly persistent?: boolean;
  /** Packets that wait for a reader before the kernel drops (default of the kernel: 500). */
  readonly queueLength?: number;
}

export interface Tun {
  readonly fd: number;
  readonly name: string;
  /** Whether the kernel hands over whole UDP super-packets too (USO, Linux 6.2). */
  readonly udpSegmentation: boolean;
}

/** Makes the device, or attaches to a persistent one of this name. The descriptor does not block. */
export function openTun(options: TunOptions): Tun {
  const { name } = options;
  if (name.length === 0 || name.length > NAME_LIMIT) {
    throw new TypeError(`TUN device ${JSON.stringify(name)}: a name has 1 to ${NAME_LIMIT} characters`);
  }
  return inNamespace(options.namespace, () => {
    const fd = openCloneDevice();
    try {
      attach(fd, name);
      control(fd, TUNSETPERSIST, options.persistent === true ? 1 : 0, name);
      const udpSegmentation = offload(fd, name);
      if (options.queueLength !== undefined) {
        const txQueueLength = options.queueLength;
        withRtnetlink(undefined, network => network.setLink(name, { txQueueLength }));
      }
      return { fd, name, udpSegmentation };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  });
}

/** Closes the descriptor. A persistent device stays; another one is gone. */
export function closeTun(tun: Pick<Tun, "fd">): void {
  closeSync(tun.fd);
}

/** Removes a device for good, persistent or not, and closes the descriptor. */
export function deleteTun(tun: Tun): void {
  control(tun.fd, TUNSETPERSIST, 0, tun.name);
  closeSync(tun.fd);
}

function openCloneDevice(): number {
  try {
    return openSync(TUN_PATH, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    throw new LinuxError("open", TUN_PATH, -((cause as NodeJS.ErrnoException).errno ?? 0));
  }
}

function attach(fd: number, name: string): void {
  const request = nativeMemory(IFREQ_BYTES);
  new TextEncoder().encodeInto(name, request.u8);
  request.view.setUint16(IFREQ_FLAGS, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, true);
  check(libc.ioctl(fd, TUNSETIFF, request.address), "ioctl TUNSETIFF", `TUN device ${name}`);
  const size = nativeMemory(4);
  size.view.setInt32(0, VIRTIO_HEADER_BYTES, true);
  check(libc.ioctl(fd, TUNSETVNETHDRSZ, size.address), "ioctl TUNSETVNETHDRSZ", `TUN device ${name}`);
}

/** Takes TCP segmentation, and UDP segmentation where the kernel knows it. */
function offload(fd: number, name: string): boolean {
  if (libc.ioctl(fd, TUNSETOFFLOAD, TCP_OFFLOAD | UDP_OFFLOAD) === 0) return true;
  const reason = errno();
  if (reason !== ERRNO.EINVAL) throw new LinuxError("ioctl TUNSETOFFLOAD", `TUN device ${name}`, reason);
  control(fd, TUNSETOFFLOAD, TCP_OFFLOAD, name);
  return false;
}

function control(fd: number, request: number, argument: number, name: string): void {
  check(libc.ioctl(fd, request, argument), `ioctl 0x${request.toString(16)}`, `TUN device ${name}`);
}
