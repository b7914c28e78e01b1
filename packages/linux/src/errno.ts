/** Names of error numbers, and the few numbers that the hot path compares with. */

import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** The same on x64 and arm64. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EMSGSIZE: 90,
  EADDRNOTAVAIL: 99,
  ENOBUFS: 105,
  ECONNREFUSED: 111,
  ESRCH: 3,
} as const;

const names = new Map<number, string>();

/** `13` is `EACCES`. */
export function getSystemErrorName(errno: number): string {
  if (names.size === 0) {
    for (const [name, value] of Object.entries(constants.errno)) {
      if (!names.has(value)) names.set(value, name);
    }
    // The same number twice: these are the names that people search for.
    names.set(ERRNO.EAGAIN, "EAGAIN").set(ERRNO.EOPNOTSUPP, "EOPNOTSUPP");
  }
  return names.get(errno) ?? `errno ${errno}`;
}

/** `13` is `permission denied`. */
export function getSystemErrorMessage(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? "no further explanation";
}
