/** Starts the built program for a test, and ends it with the test. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../main.js", import.meta.url));

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
export function finish(command: string, args: readonly string[], input = ""): Promise<Finished> {
  return new Promise(resolve => {
    const child = execFile(command, [...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : (child.exitCode ?? 0), stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

export function agnhost(args: readonly string[], input = ""): Promise<Finished> {
  return finish(process.execPath, [MAIN, ...args], input);
}

export interface Running {
  child: ChildProcess;
  /** Resolves with the first text on stdout or stderr that matches. */
  says(pattern: RegExp): Promise<string>;
  ended: Promise<number>;
  stop(): Promise<void>;
}

/** Starts a subcommand that goes on. */
export function start(args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let said = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", bytes => {
      said += bytes;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<number>(resolve => {
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 143)));
  });
  const says = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(said);
        if (!match) return;
        listeners.delete(look);
        resolve(match[0]);
      };
      listeners.add(look);
      look();
      ended.then(() =>
        reject(new Error(`agnhost ${args.join(" ")} ended without saying ${pattern}: ${said}`)),
      );
    });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  return { child, says, ended, stop };
}

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, "::", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

export async function curl(...args: string[]): Promise<Finished> {
  return finish("curl", ["--silent", "--show-error", "--max-time", "10", ...args]);
}
