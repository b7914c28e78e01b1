/**
 * Network namespaces, named by an open file descriptor.
 *
 * setns moves the calling *thread* only. `inNamespace` is synchronous there-and-back: between the two nothing else can
 * run on this thread, so no other code of the process ever sees the foreign namespace. If the way back
 * fails the process is in the wrong network and must not go on.
 */

import { closeSync, fstatSync, openSync } from "node:fs";
import { check, LinuxError } from "./errors.ts";
import { libc } from "./native.ts";

const CLONE_NEWNET = 0x40000000;

/** Opens the network namespace of process `pid` (or of the calling thread). Close it with `closeNamespace`. */
export function openNamespace(pid: number | "self"): number {
  return openNamespacePath(pid === "self" ? "/proc/thread-self/ns/net" : `/proc/${pid}/ns/net`);
}

/** Opens a network namespace by any path to it (`/run/netns/NAME`, `/proc/PID/ns/net`). */
export function openNamespacePath(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    const errno = -((cause as NodeJS.ErrnoException).errno ?? 0);
    throw new LinuxError("open", `network namespace ${path}`, errno);
  }
}

export function closeNamespace(namespace: number): void {
  closeSync(namespace);
}

/** Identity of a namespace: two descriptors are of the same namespace when their inodes are equal. */
export function namespaceInode(namespace: number): number {
  return fstatSync(namespace).ino;
}

/** Inode of the network namespace of a process, or undefined when the process is gone. */
export function namespaceInodeOf(pid: number | "self"): number | undefined {
  let namespace: number;
  try {
    namespace = openNamespace(pid);
  } catch {
    return undefined;
  }
  try {
    return namespaceInode(namespace);
  } finally {
    closeNamespace(namespace);
  }
}

/** Runs the synchronous `task` inside `namespace`; undefined means: where the thread already is. */
export function inNamespace<T>(namespace: number | undefined, task: () => T): T {
  if (namespace === undefined) return task();
  const home = openNamespace("self");
  try {
    check(libc.setns(namespace, CLONE_NEWNET), "setns", `network namespace (fd ${namespace})`);
    try {
      return task();
    } finally {
      if (libc.setns(home, CLONE_NEWNET) !== 0) abandonProcess();
    }
  } finally {
    closeSync(home);
  }
}

/** Sockets of this process, opened from now on, would be in a foreign network: nothing can be trusted. */
function abandonProcess(): never {
  process.stderr.write("podwire: could not return to the own network namespace; aborting\n");
  process.abort();
}
