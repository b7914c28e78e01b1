/**
 * The `podwire` command as people run it: a process with a run directory of its own, what it says, and the code it
 * exits with. Labs of test runs that were killed are found by the process id in their run directory's name.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
export const MAIN = join(ROOT, "packages/cli/bundle/main.js");

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Words before `node main.js`, such as `unshare --mount`. */
  readonly within?: readonly string[];
  readonly input?: string;
}

/** Commands with the run directory `/tmp/podwire-<topic>-<pid>`, which `clear` removes with every lab in it. */
export class Commands {
  readonly runDirectory: string;

  constructor(topic: string) {
    const prefix = join(tmpdir(), `podwire-${topic}-`);
    this.runDirectory = `${prefix}${process.pid}`;
    for (const entry of readdirSync(dirname(prefix))) {
      if (!entry.startsWith(basename(prefix))) continue;
      const pid = entry.slice(basename(prefix).length);
      if (/^\d+$/.test(pid) && !existsSync(`/proc/${pid}`)) remove(join(dirname(prefix), entry));
    }
  }

  clear(): void {
    remove(this.runDirectory);
  }

  start(words: readonly string[], options: RunOptions = {}): Running {
    const [command, ...args] = [...(options.within ?? []), process.execPath, MAIN, ...words] as [string];
    return this.startProgram(command, args, options);
  }

  startProgram(command: string, args: readonly string[], options: RunOptions = {}): Running {
    const { PODWIRE_LAB, ...inherited } = process.env;
    const env = { ...inherited, PODWIRE_RUN_DIR: this.runDirectory, ...options.env };
    const child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    child.stdin!.on("error", () => {});
    child.stdin!.end(options.input ?? "");
    return new Running(child);
  }

  run(...words: string[]): Promise<Outcome> {
    return this.start(words).outcome;
  }
}

export class Running {
  readonly child: ChildProcess;
  /** When it has ended and all that it wrote was read. */
  readonly outcome: Promise<Outcome>;
  #said = "";
  readonly #listeners = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.child = child;
    const ended = once(child, "exit") as Promise<[number | null]>;
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (bytes: Buffer) => {
        this.#said += bytes.toString();
        for (const listener of this.#listeners) listener();
      });
    }
    this.outcome = Promise.all([ended, text(child.stdout!), text(child.stderr!)]).then(
      ([[code], stdout, stderr]) => ({ code, stdout, stderr }),
    );
  }

  /** All that it has written so far. */
  get text(): string {
    return this.#said;
  }

  /** Resolves when it has written this, on whichever stream; rejects when it ends before. */
  said(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!pattern.test(this.#said)) return;
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
      this.child.once("close", () => reject(new Error(`ended without saying ${pattern}: ${this.#said}`)));
    });
  }

  async kill(signal: NodeJS.Signals): Promise<Outcome> {
    this.child.kill(signal);
    return this.outcome;
  }
}

function remove(runDirectory: string): void {
  const env = { ...process.env, PODWIRE_RUN_DIR: runDirectory };
  spawnSync(process.execPath, [MAIN, "down", "--all"], { env, stdio: "ignore" });
  rmSync(runDirectory, { recursive: true, force: true });
}
