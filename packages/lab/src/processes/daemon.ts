/**
 * One daemon process: started in its own session (a Ctrl-C in the terminal is for `up` alone), its output in a
 * log file, and a pipe on descriptor 3 on which it writes one line of JSON once it serves: `{"ready":true,…}`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { closeNamespace, inNamespace, openNamespace } from "@podwire/linux";
import type { ProcessIdentity } from "@podwire/runtime";
import type { Membership } from "@podwire/runtime/membership";
import { LabError } from "../errors.ts";
import { identify } from "../state/identity.ts";
import { quoteLog } from "./log-files.ts";
import { memberEnvironment, type Program } from "./program.ts";

export interface DaemonSpec {
  /** Names the daemon in messages, in `lab.json` and its log file. */
  readonly name: string;
  readonly program: Program;
  readonly arguments: readonly string[];
  readonly labDirectory: string;
  readonly log: string;
  /** Holder of the network namespace to run in; the caller's own when absent. */
  readonly namespaceOf?: ProcessIdentity;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Daemon {
  readonly identity: ProcessIdentity;
  /** What the daemon said when it began to serve. Rejects when it ends, or is silent, before. */
  readonly ready: Promise<Record<string, unknown>>;
  /** Resolves when the process is dead and reaped. */
  readonly ended: Promise<Exit>;
}

const READY_FD = 3;

export function startDaemon(spec: DaemonSpec, readyTimeoutMs: number): Daemon {
  const log = openSync(spec.log, "a");
  let child: ChildProcess;
  try {
    child = inHolder(spec.namespaceOf, () => spawnInto(spec, log));
  } finally {
    closeSync(log);
  }
  if (child.pid === undefined) {
    // The reason comes as an event, too late to be thrown; without this listener it would crash the process.
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    failed.catch(() => {});
    throw new LabError(
      `${spec.name}: cannot start ${spec.program.command}: is there memory, and a process, left?`,
    );
  }
  const identity = identify(child.pid)!;
  const ended = new Promise<Exit>(resolve => child.once("exit", (code, signal) => resolve({ code, signal })));
  const ready = readyLine(spec, child, ended, readyTimeoutMs);
  // Whoever starts a daemon may only wait for its end.
  ready.catch(() => {});
  return { identity, ready, ended };
}

function spawnInto(spec: DaemonSpec, log: number): ChildProcess {
  const membership: Membership = spec.namespaceOf ? "network" : "host";
  return spawn(spec.program.command, [...spec.program.arguments, ...spec.arguments], {
    cwd: "/",
    detached: true,
    env: { ...memberEnvironment(spec.labDirectory, membership), PODWIRE_READY_FD: String(READY_FD) },
    stdio: ["ignore", log, log, "pipe"],
  });
}

/** A fork copies the network namespace of the thread that forks, so no nsenter is needed. */
function inHolder<T>(holder: ProcessIdentity | undefined, task: () => T): T {
  if (!holder) return task();
  const namespace = openNamespace(holder.pid);
  try {
    return inNamespace(namespace, task);
  } finally {
    closeNamespace(namespace);
  }
}

function readyLine(
  spec: DaemonSpec,
  child: ChildProcess,
  ended: Promise<Exit>,
  timeoutMs: number,
): Promise<Record<string, unknown>> {
  const pipe = child.stdio[READY_FD] as Readable;
  return new Promise<Record<string, unknown>>((resolve, reject) => {
    const fail = (what: string) =>
      reject(new LabError(`${spec.name}: ${what}; the end of ${spec.log}:\n${quoteLog(spec.log)}`));
    const timer = setTimeout(() => fail(`was not ready within ${timeoutMs / 1000} s`), timeoutMs);
    void ended.then(exit => fail(`ended before it was ready (${describeExit(exit)})`));
    createInterface({ input: pipe }).once("line", line => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(line) as Record<string, unknown>);
      } catch {
        fail(`wrote ${JSON.stringify(line)} instead of a JSON line when ready`);
      }
    });
    void ended.then(() => clearTimeout(timer));
  }).finally(() => pipe.destroy());
}

export function describeExit(exit: Exit): string {
  return exit.signal ? `killed by ${exit.signal}` : `exit code ${exit.code}`;
}
