/**
 * Which process is meant: a process id is reused, a process id together with its start time is not.
 *
 * What the runtime must find again after a crash writes its own `/proc/self/stat` line into a file before it
 * does anything that could be left behind; the line is read back here.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";

export interface ProcessIdentity {
  pid: number;
  /** In clock ticks after boot: field 22 of /proc/PID/stat. */
  startTicks: string;
}

/** What a line of /proc/PID/stat says, as far as anyone here asks. */
export interface ProcessStat extends ProcessIdentity {
  readonly state: string;
  readonly parent: number;
  /** The kernel's flags of a task: PF_EXITING and others, include/linux/sched.h. */
  readonly flags: number;
}

/** By their distance from the field after the command. */
const STATE_FIELD = 0;
const PARENT_FIELD = 1;
const FLAGS_FIELD = 6;
const START_FIELD = 19;

/** Parses a line of /proc/PID/stat; undefined when it is not one (a file cut short by a crash). */
export function parseStat(line: string): ProcessStat | undefined {
  // The second field is the command in parentheses, which may itself hold spaces and parentheses.
  const commandEnd = line.lastIndexOf(")");
  const pid = Number.parseInt(line, 10);
  const fields = line.slice(commandEnd + 2).split(" ");
  const startTicks = fields[START_FIELD];
  if (commandEnd < 0 || !Number.isInteger(pid) || !startTicks || !line.endsWith("\n")) return undefined;
  const [state, parent, flags] = [fields[STATE_FIELD]!, fields[PARENT_FIELD], fields[FLAGS_FIELD]];
  return { pid, startTicks, state, parent: Number(parent), flags: Number(flags) };
}

/** Reads the identity that a process left in a file; undefined when there is none. */
export function readIdentity(path: string): ProcessIdentity | undefined {
  const line = readText(path);
  const parsed = line === undefined ? undefined : parseStat(line);
  return parsed && { pid: parsed.pid, startTicks: parsed.startTicks };
}

/** Whether that very process still runs. A zombie has ended. */
export function isRunning(identity: ProcessIdentity | undefined): identity is ProcessIdentity {
  if (!identity) return false;
  const line = readText(`/proc/${identity.pid}/stat`);
  const now = line === undefined ? undefined : parseStat(line);
  return (
    now !== undefined && now.startTicks === identity.startTicks && now.state !== "Z" && now.state !== "X"
  );
}

/** Sends a signal to that very process; false when it is gone. */
export function signal(identity: ProcessIdentity | undefined, name: NodeJS.Signals | number): boolean {
  if (!isRunning(identity)) return false;
  try {
    process.kill(identity.pid, name);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw cause;
  }
}

/** Inode of a namespace of a process, or undefined when the process is gone. */
export function namespaceOf(pid: number, kind: "mnt" | "net" | "pid"): number | undefined {
  try {
    return statSync(`/proc/${pid}/ns/${kind}`).ino;
  } catch {
    return undefined;
  }
}

/** All processes in a namespace. Reads all of /proc: for rare moments only. */
export function processesIn(kind: "mnt" | "net" | "pid", inode: number): number[] {
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => namespaceOf(pid, kind) === inode);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
