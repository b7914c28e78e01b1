/**
 * Which processes belong to a lab, found without any record of them, so that it works after every crash:
 *
 * 1. whose executable lies under the lab's directory: the holders of its namespaces;
 * 2. whose environment carries the lab's mark: the daemons and what they started;
 * 3. whose network namespace is one of those that (1) and (2) live in: containers, and shells put there.
 *
 * A command line that merely names the directory (`tail -f …/logs/node-1.log`) is no membership. The namespaces
 * of this process and of init are never the lab's, whoever is in them.
 */
import { join } from "node:path";
import { MEMBER_VARIABLE } from "../processes/program.ts";
import {
  allPids,
  environmentVariable,
  executable,
  networkNamespace,
  type ProcessIdentity,
  processStat,
} from "../state/identity.ts";

/** Living processes of the lab in `directory`; never this process or one of its ancestors. */
export function findMembers(directory: string): ProcessIdentity[] {
  const spared = ownLine();
  const members = new Map<number, ProcessIdentity>();
  const strangers: ProcessIdentity[] = [];
  const namespaces = new Set<number | undefined>();
  for (const pid of allPids()) {
    const stat = processStat(pid);
    if (!stat || stat.dead || spared.has(pid)) continue;
    const membership = membershipOf(pid, directory);
    if (membership === undefined) {
      strangers.push(stat);
      continue;
    }
    members.set(pid, stat);
    if (membership === "network") namespaces.add(networkNamespace(pid));
  }
  for (const foreign of [networkNamespace(process.pid), networkNamespace(1), undefined]) namespaces.delete(foreign);
  if (namespaces.size > 0) {
    for (const stat of strangers) {
      if (namespaces.has(networkNamespace(stat.pid))) members.set(stat.pid, stat);
    }
  }
  return [...members.values()].map(({ pid, startTime }) => ({ pid, startTime }));
}

/** Names of labs under `base` that have living processes, whether or not their directory is still there. */
export function labsWithMembers(base: string): string[] {
  const prefix = join(base, "/");
  const names = new Set<string>();
  for (const pid of allPids()) {
    for (const text of [executable(pid), environmentVariable(pid, MEMBER_VARIABLE)]) {
      const name = text?.startsWith(prefix) ? text.slice(prefix.length).split(/[/:]/)[0] : undefined;
      if (name) names.add(name);
    }
  }
  return [...names].sort();
}

function membershipOf(pid: number, directory: string): "host" | "network" | undefined {
  if (executable(pid)?.startsWith(`${directory}/`)) return "network";
  switch (environmentVariable(pid, MEMBER_VARIABLE)) {
    case `${directory}:host`:
      return "host";
    case `${directory}:network`:
      return "network";
    default:
      return undefined;
  }
}

function ownLine(): Set<number> {
  const line = new Set<number>();
  for (let pid = process.pid; pid > 0 && !line.has(pid); pid = processStat(pid)?.parent ?? 0) line.add(pid);
  return line;
}
