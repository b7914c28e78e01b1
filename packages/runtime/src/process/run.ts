/** Starting the small programs that the runtime is made of: sh, util-linux and coreutils. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "../limits.ts";

/** Where Debian and Ubuntu keep these programs; also the PATH of a container that sets none. */
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Absolute path of a program. Containers run on the same root file system, so it holds for them as well. */
export function program(name: string): string {
  for (const folder of DEFAULT_PATH.split(":")) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`the program ${name} is missing: install the packages util-linux and coreutils`);
}

/** Quotes one word for sh. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Starts a program in a session of its own, so that neither Ctrl-C nor the end of this process reaches it, and
 * with nothing of this process's environment.
 */
export function spawnDetached(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  return spawn(command, args, { cwd: "/", detached: true, env: { PATH: DEFAULT_PATH }, ...options });
}

/**
 * Waits for the first line on a child's stdout. Rejects with what the child printed on stderr when it ends
 * first, or when it takes too long (it is then killed).
 */
export function firstLine(child: ChildProcess, what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = "";
    let complaint = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      complaint ||= `no answer within ${LIMITS.setupTimeoutMs} ms`;
    }, LIMITS.setupTimeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    child.stdout!.on("data", (bytes: Buffer) => {
      line += bytes.toString();
      const end = line.indexOf("\n");
      if (end < 0) return;
      settle();
      resolve(line.slice(0, end));
    });
    child.stderr!.on("data", (bytes: Buffer) => {
      complaint = (complaint + bytes.toString()).slice(0, LIMITS.setupOutputBytes);
    });
    child.once("error", cause => {
      settle();
      reject(new Error(`${what}: ${cause.message}`));
    });
    child.once("close", (code, signal) => {
      settle();
      reject(new Error(`${what}: ${complaint.trim() || `ended with ${signal ?? `exit code ${code}`}`}`));
    });
  });
}

/** Waits for something that should happen, but not for ever. */
export function atMost(timeoutMs: number, promise: Promise<unknown>): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, timeoutMs);
    promise.finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Waits for a child's end. Rejects with what it printed on stderr when it fails. */
export function runToEnd(child: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = "";
    child.stderr?.on("data", (bytes: Buffer) => {
      complaint = (complaint + bytes.toString()).slice(0, LIMITS.setupOutputBytes);
    });
    child.once("error", cause => reject(new Error(`${what}: ${cause.message}`)));
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${what}: ${complaint.trim() || `ended with ${signal ?? `exit code ${code}`}`}`));
    });
  });
}
