/**
 * Processes as /proc tells them. A pid alone names nothing for long, so a process is identified by its pid and
 * its start time, and nothing is ever signalled on the strength of a pid alone.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { type ProcessIdentity, parseStat } from "@podwire/runtime";

export interface ProcessState extends ProcessIdentity {
  readonly parent: number;
  /** It has left its namespaces and files, and only waits to be reaped. */
  readonly dead: boolean;
}

/** Of the kernel's flags of a task: it is on its way out (PF_EXITING, include/linux/sched.h). */
const EXITING = 4;

/** Undefined when there is no such process. */
export function processState(pid: number): ProcessState | undefined {
  const stat = parseStat(read(`/proc/${pid}/stat`) ?? "");
  if (stat === undefined) return undefined;
  const { startTicks, parent, state, flags } = stat;
  const exiting = (flags & EXITING) !== 0;
  const dead = state === "Z" || state === "X" || (exiting && hasLeftNamespaces(pid));
  return { pid, startTicks, parent, dead };
}

/**
 * The first process of a PID namespace is no zombie before all others of the namespace are reaped, by parents that
 * may be slow: where init is no real one, that can take seconds.
 */
function hasLeftNamespaces(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/ns/net`);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

/** The identity of a living process. */
export function identify(pid: number): ProcessIdentity | undefined {
  const state = processState(pid);
  return state && { pid, startTicks: state.startTicks };
}

export function isAlive(identity: ProcessIdentity): boolean {
  const stat = processState(identity.pid);
  return stat !== undefined && !stat.dead && stat.startTicks === identity.startTicks;
}

/** Signals exactly this process; false when it is gone. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

export function allPids(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter(pid => pid > 0);
}

/** Path of the executable, also when its file is gone. */
export function executable(pid: number): string | undefined {
  return link(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, "");
}

/** The value of a variable in the environment that a process was started with. */
export function environmentVariable(pid: number, name: string): string | undefined {
  const entries = read(`/proc/${pid}/environ`)?.split("\0") ?? [];
  return entries.find(entry => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Inode of the network namespace of a process. */
export function networkNamespace(pid: number): number | undefined {
  return namespaceOf(pid, "net");
}

/** Inode of the mount namespace of a process. */
export function mountNamespace(pid: number): number | undefined {
  return namespaceOf(pid, "mnt");
}

function namespaceOf(pid: number, kind: "net" | "mnt"): number | undefined {
  const match = /:\[(\d+)\]$/.exec(link(`/proc/${pid}/ns/${kind}`) ?? "");
  return match ? Number(match[1]) : undefined;
}

/** The words of the command line; none when the process is gone. */
export function commandLine(pid: number): string[] {
  return (read(`/proc/${pid}/cmdline`) ?? "").replace(/\0$/, "").split("\0");
}

/** Resident memory in bytes; 0 for a process that is gone. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? "");
  return match ? Number(match[1]) * 1024 : 0;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Gone, or turned into a zombie, between the listing and here.
    return undefined;
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
