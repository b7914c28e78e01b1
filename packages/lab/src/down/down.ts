/**
 * Takes a lab down: asks its supervisor when one lives, then removes by force whatever is left. Works as well
 * for labs whose supervisor, daemons or lab.json are gone or damaged, and for half of a lab.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { ProcessIdentity } from "@podwire/runtime";
import { checkLabName } from "../config/lab-name.ts";
import { LabError } from "../errors.ts";
import { unmergeKubeconfigs } from "../kubeconfig/merged.ts";
import { TERMINATION_GRACE_MS } from "../limits.ts";
import { requirePrivileges } from "../preflight.ts";
import {
  type LabPaths,
  labNames,
  labPaths,
  removeEmptyRunDirectory,
  runDirectory,
} from "../state/directory.ts";
import { commandLine, isAlive, signal } from "../state/identity.ts";
import { takeLabLock } from "../state/lock.ts";
import type { LabState } from "../state/state.ts";
import { askSupervisor } from "./control-socket.ts";
import { findMembers, labsWithMembers } from "./members.ts";
import { sweep, untilDead } from "./sweep.ts";

/** False when there was nothing of this lab. */
export async function takeDown(name: string): Promise<boolean> {
  checkLabName(name);
  const paths = labPaths(name);
  const supervisor = recordedSupervisor(paths);
  const asked = await askSupervisor(paths.supervisorSocket);
  if (supervisor) await endSupervisor(paths, supervisor, asked);
  if (!labNames().includes(name) && findMembers(paths.directory).length === 0) {
    removeEmptyRunDirectory(paths);
    return asked;
  }
  requirePrivileges();
  await removeLab(paths);
  return true;
}

/** Every lab that has a directory or a living process. */
export function knownLabs(): string[] {
  return [...new Set([...labNames(), ...labsWithMembers(runDirectory())])].sort();
}

/** Sweeps under the lab's lock. What users' kubeconfigs keep of it is thrown once all else is gone. */
export async function removeLab(paths: LabPaths): Promise<void> {
  const release = await takeLabLock(paths.lock);
  try {
    const unmerging = unmergeKubeconfigs(basename(paths.directory), paths);
    const error = await unmerging.catch((failure: Error) => failure);
    await sweep(paths.directory);
    if (error) throw error;
  } finally {
    release();
    removeEmptyRunDirectory(paths);
  }
}

/**
 * One that took the lab down is about to end. One that lives but does not answer would start again what is
 * killed, so it goes first. A program that made a lab for itself lives on after it.
 */
async function endSupervisor(paths: LabPaths, supervisor: ProcessIdentity, asked: boolean): Promise<void> {
  if (!isAlive(supervisor) || supervisor.pid === process.pid) return;
  const isCommand = isPodwireUp(supervisor.pid);
  if (asked) {
    if (isCommand) await untilDead([supervisor], TERMINATION_GRACE_MS);
    return;
  }
  if (!isCommand) {
    throw new LabError(
      `process ${supervisor.pid} supervises ${paths.directory} and does not answer: stop it, then run down again`,
    );
  }
  signal(supervisor, "SIGKILL");
}

function recordedSupervisor(paths: LabPaths): ProcessIdentity | undefined {
  try {
    return (JSON.parse(readFileSync(paths.state, "utf8")) as LabState).supervisor;
  } catch {
    return undefined; // no record, or a damaged one: the sweep does without
  }
}

function isPodwireUp(pid: number): boolean {
  const words = commandLine(pid);
  return words.includes("up") && words.some(word => /(^|\/)(main\.js|podwire)$/.test(word));
}
