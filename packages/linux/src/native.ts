/**
 * The C library, as this package calls it: one declaration a function, loaded on first use.
 *
 * koffi costs about 10 ms to load, so importing `@podwire/linux` does not; the first call does. Every pointer
 * is passed as a plain integer (an address inside a NativeMemory), which is what keeps a call at about 0.1 µs
 * above the system call itself. Signed sizes are `long`: koffi 3 has no ssize_t. ioctl, fcntl and syscall are variadic in C;
 * both Linux ABIs (x64, arm64) pass their integer arguments as in an ordinary function.
 */

import { createRequire } from "node:module";

const DECLARATIONS = {
  accept4: ["int", ["int", "uintptr_t", "uintptr_t", "int"]],
  bind: ["int", ["int", "uintptr_t", "uint32_t"]],
  close: ["int", ["int"]],
  connect: ["int", ["int", "uintptr_t", "uint32_t"]],
  epoll_create1: ["int", ["int"]],
  epoll_ctl: ["int", ["int", "int", "int", "uintptr_t"]],
  epoll_wait: ["int", ["int", "uintptr_t", "int", "int"]],
  eventfd: ["int", ["uint32_t", "int"]],
  fcntl: ["int", ["int", "int", "long"]],
  getsockname: ["int", ["int", "uintptr_t", "uintptr_t"]],
  getsockopt: ["int", ["int", "int", "int", "uintptr_t", "uintptr_t"]],
  ioctl: ["int", ["int", "ulong", "uintptr_t"]],
  lgetxattr: ["long", ["uintptr_t", "uintptr_t", "uintptr_t", "size_t"]],
  listen: ["int", ["int", "int"]],
  lsetxattr: ["int", ["uintptr_t", "uintptr_t", "uintptr_t", "size_t", "int"]],
  mknod: ["int", ["uintptr_t", "uint32_t", "ulong"]],
  mmap: ["uintptr_t", ["uintptr_t", "size_t", "int", "int", "int", "long"]],
  pipe2: ["int", ["uintptr_t", "int"]],
  posix_fallocate: ["int", ["int", "long", "long"]],
  poll: ["int", ["uintptr_t", "ulong", "int"]],
  read: ["long", ["int", "uintptr_t", "size_t"]],
  recv: ["long", ["int", "uintptr_t", "size_t", "int"]],
  recvfrom: ["long", ["int", "uintptr_t", "size_t", "int", "uintptr_t", "uintptr_t"]],
  recvmmsg: ["int", ["int", "uintptr_t", "uint32_t", "int", "uintptr_t"]],
  sched_yield: ["int", []],
  send: ["long", ["int", "uintptr_t", "size_t", "int"]],
  sendmmsg: ["int", ["int", "uintptr_t", "uint32_t", "int"]],
  sendto: ["long", ["int", "uintptr_t", "size_t", "int", "uintptr_t", "uint32_t"]],
  setns: ["int", ["int", "int"]],
  setsockopt: ["int", ["int", "int", "int", "uintptr_t", "uint32_t"]],
  shutdown: ["int", ["int", "int"]],
  socket: ["int", ["int", "int", "int"]],
  socketpair: ["int", ["int", "int", "int", "uintptr_t"]],
  syscall: ["long", ["long", "long", "long", "long"]],
  write: ["long", ["int", "uintptr_t", "size_t"]],
  writev: ["long", ["int", "uintptr_t", "int"]],
} as const;

type Name = keyof typeof DECLARATIONS;
type Numbers<T extends readonly unknown[]> = { -readonly [K in keyof T]: number };

/** Every function of the C library that Podwire calls; a negative result means: see `errno()`. */
export type Libc = {
  readonly [K in Name]: (...args: Numbers<(typeof DECLARATIONS)[K][1]>) => number;
};

type Koffi = typeof import("koffi").default;

let loaded: Koffi | undefined;

export function koffi(): Koffi {
  loaded ??= createRequire(import.meta.url)("koffi") as Koffi;
  return loaded;
}

/** The error number of the last call of this thread that failed. Ask before anything else is called. */
export function errno(): number {
  return koffi().errno();
}

/** Calls are declared one by one on first use; a hot path keeps `const { read } = libc` of its own. */
export const libc: Libc = lazily();

function lazily(): Libc {
  const functions = {} as Record<Name, unknown>;
  for (const name of Object.keys(DECLARATIONS) as Name[]) {
    Object.defineProperty(functions, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        const [result, args] = DECLARATIONS[name];
        const value = koffi()
          .load(null)
          .func(name, result, [...args]);
        Object.defineProperty(functions, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return functions as Libc;
}
