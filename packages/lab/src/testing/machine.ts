/**
 * What a lab may leave on the machine, told apart from what others do there at the same time: everything of a lab
 * names its directory, lives in it, or lives in a namespace that a process of the lab holds.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { knownLabs, takeDown } from "../down/down.ts";
import { findMembers } from "../down/members.ts";
import { allPids, processState } from "../state/identity.ts";

export interface Traces {
  readonly members: number;
  readonly processes: number;
  readonly mounts: number;
  readonly hostDevices: readonly string[];
  readonly entries: readonly string[];
}

export const NO_TRACES: Traces = { members: 0, processes: 0, mounts: 0, hostDevices: [], entries: [] };

/** Counts what there is of the lab in `directory`, and the entries of the run directory around it. */
export function tracesOf(directory: string, runDirectory: string): Traces {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return {
    members: findMembers(directory).length,
    processes: processesNaming(directory).length,
    mounts: mounts.filter(line => line.includes(runDirectory)).length,
    hostDevices: hostDevices().filter(name => /^(underlay|port\d+|outside\d+)$/.test(name)),
    entries: entriesOf(runDirectory),
  };
}

/** Living processes whose command line names `text`. */
export function processesNaming(text: string): number[] {
  return allPids().filter(pid => {
    const stat = processState(pid);
    if (!stat || stat.dead || pid === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  });
}

function hostDevices(): string[] {
  const lines = readFileSync("/proc/net/dev", "utf8").split("\n");
  return lines.map(line => /^\s*([^:]+):/.exec(line)?.[1]).filter(name => name !== undefined);
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Takes down the labs of test runs that were killed: their run directories end in the process id of the run. */
export async function removeOrphans(prefix: string): Promise<void> {
  for (const entry of entriesOf(dirname(prefix))) {
    const path = join(dirname(prefix), entry);
    const pid = path.startsWith(prefix) ? Number(path.slice(prefix.length)) : process.pid;
    if (pid === process.pid || processState(pid)) continue;
    process.env.PODWIRE_RUN_DIR = path;
    for (const name of await knownLabs()) await takeDown(name);
    rmSync(path, { recursive: true, force: true });
  }
}
