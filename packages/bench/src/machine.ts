/**
 * The machine that a report was made on: enough to judge its numbers by, and nothing that names the machine
 * or a place on it, because reports are published.
 */
import { readFileSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly architecture: string;
  readonly kernel: string;
  readonly node: string;
  /** One-minute load average when the run began: what else the machine was busy with. */
  readonly loadAtStart: number;
}

export function describeMachine(): Machine {
  const all = cpus();
  return {
    processor: all[0]?.model.trim() ?? "unknown",
    processors: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    architecture: arch(),
    kernel: release(),
    node: process.version,
    loadAtStart: Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]),
  };
}
