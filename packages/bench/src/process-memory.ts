/**
 * Memory of processes, from /proc. Resident memory counts a page that two processes share twice; proportional
 * memory counts it by halves, which is nearer to what a lab really takes from the machine.
 */
import { readFileSync } from "node:fs";
import type { ProcessGroup } from "./lab-report.ts";

const KIB_PER_MIB = 1024;

export interface ProcessMemory {
  readonly residentKiB: number;
  readonly proportionalKiB: number | null;
}

/** A field of /proc/PID/smaps_rollup or /proc/PID/status, in KiB; null when it is not there. */
export function kibibytes(text: string, field: string): number | null {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text);
  return match === null ? null : Number(match[1]);
}

/** Null when the process is gone. */
export function memoryOf(pid: number): ProcessMemory | null {
  const status = read(`/proc/${pid}/status`);
  const residentKiB = status === null ? null : kibibytes(status, "VmRSS");
  if (residentKiB === null) return null;
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  return { residentKiB, proportionalKiB: rollup === null ? null : kibibytes(rollup, "Pss") };
}

export function groupMemory(name: string, pids: readonly number[]): ProcessGroup {
  const all = pids.flatMap(pid => memoryOf(pid) ?? []);
  const resident = all.reduce((sum, one) => sum + one.residentKiB, 0);
  const proportional = all.reduce<number | null>(
    (sum, one) => (sum === null || one.proportionalKiB === null ? null : sum + one.proportionalKiB),
    0,
  );
  return {
    name,
    processes: all.length,
    residentMiB: Math.round(resident / KIB_PER_MIB),
    proportionalMiB: proportional === null ? null : Math.round(proportional / KIB_PER_MIB),
  };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}
