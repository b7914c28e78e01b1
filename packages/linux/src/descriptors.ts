/** Pairs of connected descriptors, and descriptors of other processes. All are close-on-exec; the caller closes them. */
import { check } from "./errors.ts";
import { nativeMemory } from "./memory.ts";
import { libc } from "./native.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const CLOSE_ON_EXEC = 0x80000;
/** Of the system calls; the same number on all machines (Linux 5.3 and 5.6). */
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;

/** pipe(7). */
export function openPipe(): { read: number; write: number } {
  const ends = nativeMemory(8);
  check(libc.pipe2(ends.address, CLOSE_ON_EXEC), "pipe2", "pipe");
  return { read: ends.i32[0]!, write: ends.i32[1]! };
}

/** Two connected sockets of unix(7): unlike a pipe's, either way can be shut down for whoever else has the end open. */
export function openSocketPair(): [number, number] {
  const ends = nativeMemory(8);
  check(libc.socketpair(AF_UNIX, SOCK_STREAM | CLOSE_ON_EXEC, 0, ends.address), "socketpair", "socket pair");
  return [ends.i32[0]!, ends.i32[1]!];
}

/** A descriptor of this process for what process `pid` has open as `fd` (pidfd_getfd(2)). */
export function takeDescriptor(pid: number, fd: number): number {
  const object = `descriptor ${fd} of process ${pid}`;
  const process = check(libc.syscall(SYS_PIDFD_OPEN, pid, 0, 0), "pidfd_open", object);
  try {
    return check(libc.syscall(SYS_PIDFD_GETFD, process, fd, 0), "pidfd_getfd", object);
  } finally {
    libc.close(process);
  }
}
