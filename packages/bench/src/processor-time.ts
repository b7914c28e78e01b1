/**
 * Processor time of the whole machine, from /proc/stat. What the kernel does for a packet in a soft interrupt
 * belongs to no process, so the cost of a path can only be told from what all processors did together, less
 * what they do when nothing is sent.
 */
import { readFileSync } from "node:fs";

/** USER_HZ: the unit of /proc/stat and /proc/PID/stat, 100 on every architecture Linux exposes to users. */
const TICKS_PER_SECOND = 100;

/** Columns of the `cpu` line (proc(5)): all that is neither idle, nor waiting, nor already counted as user. */
const BUSY_COLUMNS = { user: 0, nice: 1, system: 2, irq: 5, softirq: 6 } as const;

/** Seconds since boot in which processors were busy, all of them together. */
export function busySeconds(stat: string = readFileSync("/proc/stat", "utf8")): number {
  const columns = stat.slice(0, stat.indexOf("\n")).trim().split(/\s+/).slice(1).map(Number);
  let ticks = 0;
  for (const column of Object.values(BUSY_COLUMNS)) ticks += columns[column]!;
  return ticks / TICKS_PER_SECOND;
}

/** Seconds of user and system time of one process, from /proc/PID/stat; its name may hold anything. */
export function processSeconds(stat: string): number {
  const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(afterName[11]) + Number(afterName[12])) / TICKS_PER_SECOND;
}

/** What a gigabyte (10^9 bytes) cost in a window, less what the machine would have used without it. */
export function secondsPerGigabyte(
  window: { readonly busySeconds: number; readonly seconds: number; readonly bytes: number },
  idleShare: number,
): number {
  const spent = Math.max(0, window.busySeconds - idleShare * window.seconds);
  return spent / (window.bytes / 1e9);
}
