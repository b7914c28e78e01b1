/** What a lab may leave on the machine: counted before and after. */
import { readdirSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { allPids, networkNamespace, processStat } from "../state/identity.ts";

export interface MachineCount {
  readonly networkNamespaces: number;
  readonly devices: number;
  readonly mounts: number;
  readonly entries: readonly string[];
}

/** Counts namespaces that have processes, the host's devices and mounts, and the entries of `runDirectory`. */
export function countMachine(runDirectory: string): MachineCount {
  const namespaces = new Set(allPids().map(networkNamespace));
  return {
    networkNamespaces: namespaces.size,
    devices: Object.keys(networkInterfaces()).length,
    mounts: readFileSync("/proc/self/mountinfo", "utf8").split("\n").length,
    entries: entriesOf(runDirectory),
  };
}

/** Living processes whose command line names `text`. */
export function processesNaming(text: string): number[] {
  return allPids().filter(pid => {
    const stat = processStat(pid);
    if (!stat || stat.dead || pid === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  });
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
