/**
 * Which processes belong to a lab, found without any record of them, so that it works after every crash:
 *
 * 1. whose executable lies under the lab's directory: the holders of its namespaces;
 * 2. whose environment carries the lab's mark: its daemons, and programs that are about to become holders;
 * 3. into whose mount namespace something from below the lab's directory is mounted: containers;
 * 4. whose network namespace is one that a process found so far, other than a daemon in the host's network, lives
 *    in: more of containers, and shells that someone put there;
 * 5. whose parent is such a process.
 *
 * A command line that merely names the directory (`tail -f …/logs/node-1.log`) is no membership. The namespaces
 * of this process and of init are never the lab's, whoever is in them.
 */
import { join } from "node:path";
import type { ProcessIdentity } from "@podwire/runtime";
import { MEMBER_VARIABLE } from "@podwire/runtime/membership";
import {
  allPids,
  environmentVariable,
  executable,
  mountNamespace,
  networkNamespace,
  type ProcessState,
  processState,
} from "../state/identity.ts";
import { mountsFrom } from "./mounts.ts";

/** Living processes of the lab in `directory`; never this process or one of its ancestors. */
export function findMembers(directory: string): ProcessIdentity[] {
  const spared = ownLine();
  const members: ProcessIdentity[] = [];
  const insiders = new Set<number>();
  const namespaces = new Set<number>();
  let strangers: ProcessState[] = [];

  const addInsider = (stat: ProcessState) => {
    members.push(stat);
    insiders.add(stat.pid);
    const namespace = networkNamespace(stat.pid);
    if (namespace !== undefined && !foreign.has(namespace)) namespaces.add(namespace);
  };
  const foreign = new Set([networkNamespace(process.pid), networkNamespace(1)]);
  const showsLab = mountsFrom(directory);
  const commonMounts = new Set([mountNamespace(process.pid), mountNamespace(1)]);
  const foreignMounts = (pid: number) => {
    const namespace = mountNamespace(pid);
    return commonMounts.has(namespace) ? undefined : namespace;
  };

  for (const pid of allPids()) {
    const stat = processState(pid);
    if (!stat || stat.dead || spared.has(pid)) continue;
    const membership = membershipOf(pid, directory);
    if (membership === "network") addInsider(stat);
    else if (membership === "host") members.push(stat);
    else if (showsLab(pid, foreignMounts(pid))) addInsider(stat);
    else strangers.push(stat);
  }
  for (let known = -1; known !== insiders.size && insiders.size > 0; ) {
    known = insiders.size;
    const isInside = (stat: ProcessState) =>
      insiders.has(stat.parent) || namespaces.has(networkNamespace(stat.pid) ?? -1);
    strangers = strangers.filter(stat => {
      const inside = isInside(stat);
      if (inside) addInsider(stat);
      return !inside;
    });
  }
  return members.map(({ pid, startTicks }) => ({ pid, startTicks }));
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
  // The mark first: one that becomes a holder in between has lost it for a moment, and has the executable by then.
  switch (environmentVariable(pid, MEMBER_VARIABLE)) {
    case `${directory}:host`:
      return "host";
    case `${directory}:network`:
      return "network";
    default:
      return isHolder(pid, directory) ? "network" : undefined;
  }
}

/** Whether it keeps a namespace of the lab alive. */
export function isHolder(pid: number, directory: string): boolean {
  return executable(pid)?.startsWith(`${directory}/`) ?? false;
}

function ownLine(): Set<number> {
  const line = new Set<number>();
  for (let pid = process.pid; pid > 0 && !line.has(pid); pid = processState(pid)?.parent ?? 0) line.add(pid);
  return line;
}
