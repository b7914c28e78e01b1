/** What a failed system call says: which call, on which object, why, and the way out. */

import { getSystemErrorMessage, getSystemErrorName } from "./errno.ts";
import { errno as lastErrno } from "./native.ts";

export class LinuxError extends Error {
  override readonly name = "LinuxError";
  /** `EPERM`, `ENOENT`, … */
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  /** What the call was about: `TUN device eth0`, `route 10.244.0.0/16 dev pw0`, … */
  readonly object: string;

  constructor(syscall: string, object: string, errno: number, detail = "") {
    const code = getSystemErrorName(errno);
    const because = detail === "" ? getSystemErrorMessage(errno) : detail;
    const way = wayOut(code, object);
    super(`${object}: ${syscall}: ${code} (${because})${way === "" ? "" : `: ${way}`}`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    this.object = object;
  }
}

/** Returns `result`, or throws a LinuxError when it is negative (the C library's -1). */
export function check(result: number, syscall: string, object: string): number {
  if (result < 0) throw new LinuxError(syscall, object, lastErrno());
  return result;
}

const TUN = /\/dev\/net\/tun|TUN device/;

function wayOut(code: string, object: string): string {
  if (TUN.test(object)) {
    if (code === "ENOENT" || code === "ENODEV" || code === "ENXIO") {
      return "load the tun module (modprobe tun) or pass the device into the container (--device /dev/net/tun)";
    }
    if (code === "EBUSY") return "another process holds the device; stop it first";
  }
  switch (code) {
    case "EPERM":
      return "this needs CAP_NET_ADMIN (and CAP_SYS_ADMIN to change namespaces); run as root";
    case "EACCES":
      return "run as root";
    case "EADDRINUSE":
      return "another process uses this address and port; stop it or choose another port";
    case "EMFILE":
    case "ENFILE":
      return "too many open files; raise the limit (ulimit -n)";
    case "EAFNOSUPPORT":
    case "EPROTONOSUPPORT":
      return "this kernel was built or booted without that protocol family";
    default:
      return "";
  }
}
