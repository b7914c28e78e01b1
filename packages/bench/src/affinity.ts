/**
 * Pins running processes, all of their threads, to one processor for as long as something takes, and gives
 * them back what they had. taskset is util-linux's, as are the other tools a benchmark starts.
 */
import type { Children } from "./children.ts";

const TASKSET_MS = 5_000;

export async function whilePinned<T>(
  children: Children,
  pids: readonly number[],
  processor: number,
  run: () => Promise<T>,
): Promise<T> {
  const before = await Promise.all(pids.map(pid => maskOf(children, pid)));
  try {
    await Promise.all(
      pids.map(pid =>
        taskset(children, ["--all-tasks", "--cpu-list", "--pid", String(processor), String(pid)]),
      ),
    );
    return await run();
  } finally {
    await Promise.all(
      pids.map((pid, at) => taskset(children, ["--all-tasks", "--pid", before[at]!, String(pid)])),
    );
  }
}

/** The processors a process may run on, as the hexadecimal mask that taskset reads and prints. */
async function maskOf(children: Children, pid: number): Promise<string> {
  const printed = await taskset(children, ["--pid", String(pid)]);
  const mask = /: ([0-9a-f,]+)\s*$/.exec(printed)?.[1];
  if (mask === undefined) throw new Error(`taskset --pid ${pid}: no mask in "${printed.trim()}"`);
  return mask;
}

function taskset(children: Children, args: readonly string[]): Promise<string> {
  return children.run({ command: ["taskset", ...args] }, TASKSET_MS);
}
