/** What a process does with a signal: /proc/PID/status, as proc(5) describes it. */
import { readFileSync } from "node:fs";

/**
 * Whether a process has a handler for a signal. Process 1 of its namespace never sees a signal that it has no handler
 * for, and a program that is still starting has none yet. True for a process that is gone.
 */
export function catchesSignal(pid: number, signal: number): boolean {
  try {
    const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return mask === undefined || ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
  } catch {
    return true;
  }
}
