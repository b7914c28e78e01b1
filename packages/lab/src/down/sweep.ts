/**
 * Removes a lab by force: kills what belongs to it until nothing does, unmounts, removes the directory. Needs no
 * record of what was made and no living process; the caller holds the lab's lock.
 */
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessIdentity } from "@podwire/runtime";
import { LabError } from "../errors.ts";
import { KILL_TIMEOUT_MS, MAX_SWEEP_ROUNDS, PROCESS_POLL_MS } from "../limits.ts";
import { isAlive, signal } from "../state/identity.ts";
import { findMembers, isHolder } from "./members.ts";
import { unmountBelow } from "./mounts.ts";

/** Containers get this long between SIGTERM and SIGKILL: a lab that goes away pulls the plug. */
const MEMBER_GRACE_MS = 100;

export interface Swept {
  readonly processes: number;
}

export async function sweep(directory: string): Promise<Swept> {
  let processes = 0;
  for (let round = 0; ; round++) {
    const members = findMembers(directory);
    if (members.length === 0) break;
    if (round === MAX_SWEEP_ROUNDS) {
      throw new LabError(
        `processes of ${directory} keep coming (now ${pids(members)}): something restarts them; stop it, then run down again`,
      );
    }
    // Holders last: what a container forked meanwhile is known by the namespace that its holder lives in.
    const held = members.filter(({ pid }) => !isHolder(pid, directory));
    if (round === 0) await ask(held);
    const victims = held.length > 0 ? held : members;
    await kill(victims);
    processes += victims.length;
  }
  unmountBelow(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  return { processes };
}

async function ask(members: readonly ProcessIdentity[]): Promise<void> {
  for (const member of members) signal(member, "SIGTERM");
  await untilDead(members, MEMBER_GRACE_MS);
}

async function kill(members: readonly ProcessIdentity[]): Promise<void> {
  for (const member of members) signal(member, "SIGKILL");
  const left = await untilDead(members, KILL_TIMEOUT_MS);
  if (left.length === 0) return;
  throw new LabError(
    `processes survive SIGKILL: ${pids(left)}: they hang in the kernel (see /proc/PID/stack)`,
  );
}

/** Waits for the death of processes that are not our children; resolves with those that live on. */
export async function untilDead(
  members: readonly ProcessIdentity[],
  timeoutMs: number,
): Promise<ProcessIdentity[]> {
  const deadline = performance.now() + timeoutMs;
  let left = members.filter(isAlive);
  while (left.length > 0 && performance.now() < deadline) {
    await delay(PROCESS_POLL_MS);
    left = left.filter(isAlive);
  }
  return left;
}

function pids(members: readonly ProcessIdentity[]): string {
  return members.map(member => member.pid).join(", ");
}
