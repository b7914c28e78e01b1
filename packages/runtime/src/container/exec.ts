/**
 * Running a command in a container that runs: in all of its namespaces, with its environment, user and
 * capabilities, over pipes or a terminal.
 */

import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, constants, fchownSync, openSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import os from "node:os";
import { join } from "node:path";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { ReadStream } from "node:tty";
import { openPipe, openPty, resizePty } from "@podwire/linux";
import { execLaunch } from "../launch/launch.ts";
import { LIMITS } from "../limits.ts";
import { architecture } from "../pause/install.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import { atMost, program, quote, spawnDetached } from "../process/run.ts";
import { type ContainerProcess, commandLine, prepareCommand } from "./process.ts";
import type { RunInfo } from "./run.ts";
import { terminalInput } from "./terminal-input.ts";

export interface ExecOptions {
  command: readonly string[];
  /** Otherwise the command reads end-of-file at once. */
  stdin?: boolean;
  tty?: boolean;
}

export interface ExecSession {
  /** End it to close the command's stdin. Undefined when no stdin was asked for. */
  stdin: Writable | undefined;
  stdout: Readable;
  /** Undefined with a terminal, which has one output only. */
  stderr: Readable | undefined;
  /** Size of the terminal; without one it does nothing. */
  resize(columns: number, rows: number): void;
  /** Resolves when the command has ended and its output been read: exit code, or 128 + signal. Never rejects. */
  ended: Promise<number>;
  /** Whoever ran the command has gone: its input ends, and it gets SIGHUP. */
  hangUp(): void;
  /** Ends the command (SIGKILL). */
  kill(): void;
}

/** As the shell's: the command is not there. */
const NOT_FOUND_EXIT_CODE = 127;

/** `main` is the container's process 1, `folder` that of its run. Throws when no terminal can be opened. */
export function execInContainer(
  { main, info, folder }: { main: ProcessIdentity; info: RunInfo; folder: string },
  options: ExecOptions,
): ExecSession {
  const environment = new Map(info.process.environment);
  if (options.tty && !environment.has("TERM")) environment.set("TERM", "xterm");
  const process: ContainerProcess = { ...info.process, environment, command: options.command };
  const words = info.onImage ? launchWords(process, folder, options) : shellWords(process, options);
  const enter: Enter = { process, words: [...namespaceArguments(main), ...words.words] };
  const session = options.tty ? overTerminal(main, enter, options) : overPipes(enter, options);
  void session.ended.finally(words.done);
  return session;
}

/** What nsenter is to do. */
interface Enter {
  process: ContainerProcess;
  words: readonly string[];
}

function namespaceArguments(main: ProcessIdentity): string[] {
  return ["mnt", "uts", "ipc", "net", "pid"].map(kind => {
    return `--${kind === "mnt" ? "mount" : kind}=/proc/${main.pid}/ns/${kind}`;
  });
}

/** Words of nsenter after those for the namespaces, and what to do in the end. */
interface Words {
  words: string[];
  done(): void;
}

function shellWords(process: ContainerProcess, { tty }: ExecOptions): Words {
  const before = tty ? `${quote(program("setsid"))} --ctty ` : "";
  const script = `${prepareCommand(process, `exit ${NOT_FOUND_EXIT_CODE}`)}exec ${before}${commandLine(process)}`;
  return { words: ["sh", "-c", script], done: () => {} };
}

/** An image need not have a shell: what nsenter becomes is found through a folder of the host that it stays in. */
function launchWords(process: ContainerProcess, folder: string, { tty }: ExecOptions): Words {
  const name = `exec-${randomBytes(6).toString("hex")}`;
  const launch = execLaunch(architecture(), {
    process,
    terminal: tty ?? false,
    notFoundExitCode: NOT_FOUND_EXIT_CODE,
  });
  writeFileSync(join(folder, name), launch, { mode: 0o755 });
  return {
    words: [`--wd=${folder}`, `./${name}`],
    done: () => rmSync(join(folder, name), { force: true }),
  };
}

/** Real pipes, not the sockets that `spawn` would make: a command may open /dev/stdin or /dev/stderr by name. */
function overPipes({ process, words }: Enter, options: ExecOptions): ExecSession {
  const [input, output, errors] = [options.stdin ? openPipe() : undefined, openPipe(), openPipe()];
  const theirs = [output.write, errors.write, ...(input ? [input.read] : [])];
  if (process.user) for (const fd of theirs) fchownSync(fd, process.user, process.group ?? 0);
  const stdio = [input?.read ?? ("ignore" as const), output.write, errors.write];
  const child = spawnDetached("nsenter", words, { stdio });
  for (const fd of theirs) closeSync(fd);
  const stdin = input && new Socket({ fd: input.write, readable: false, writable: true });
  // A command that ends before it has read all of its input is no error.
  stdin?.on("error", () => stdin.destroy());
  const [stdout, stderr] = [output, errors].map(({ read }) => new Socket({ fd: read, writable: false }));
  return {
    stdin,
    stdout: stdout!,
    stderr: stderr!,
    resize: () => {},
    ended: whenEnded(child, Promise.all([closed(stdout!), closed(stderr!)])).finally(() => stdin?.destroy()),
    hangUp: () => {
      stdin?.destroy();
      signalSession(child, "SIGHUP");
    },
    kill: () => signalSession(child, "SIGKILL"),
  };
}

function overTerminal(main: ProcessIdentity, { words }: Enter, options: ExecOptions): ExecSession {
  const pty = openPty(`/proc/${main.pid}/root/dev/pts`);
  const slave = openSync(pty.slavePath, constants.O_RDWR | constants.O_NOCTTY);
  const child = spawnDetached("nsenter", words, { stdio: [slave, slave, slave] });
  closeSync(slave);
  const terminal = new ReadStream(pty.master);
  const stdout = new PassThrough();
  terminal.pipe(stdout);
  const closedTerminal = new Promise<void>(resolve => {
    // Reading a terminal whose last user has gone fails with EIO: that is its end of file.
    terminal.on("error", () => terminal.destroy());
    terminal.once("close", () => {
      stdout.end();
      resolve();
    });
  });
  return {
    stdin: options.stdin ? terminalInput(terminal) : undefined,
    stdout,
    stderr: undefined,
    resize: (columns, rows) => {
      if (!terminal.destroyed) resizePty(pty.master, columns, rows);
    },
    ended: whenEnded(child, closedTerminal).finally(() => terminal.destroy()),
    // The kernel sends SIGHUP to whom the terminal belongs.
    hangUp: () => terminal.destroy(),
    kill: () => {
      signalSession(child, "SIGKILL");
      terminal.destroy();
    },
  };
}

async function whenEnded(child: ChildProcess, outputRead: Promise<unknown>): Promise<number> {
  const exitCode = await new Promise<number>(resolve => {
    child.once("error", () => resolve(NOT_FOUND_EXIT_CODE));
    // nsenter ends as its child did; a signal shows as a signal.
    child.once("exit", (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
  // What the command left in the background may hold the output open; that does not hold the end back.
  await atMost(LIMITS.drainTimeoutMs, outputRead);
  return exitCode;
}

function closed(output: Socket): Promise<void> {
  return new Promise(resolve => {
    output.on("error", () => output.destroy());
    output.once("close", () => resolve());
  });
}

/** nsenter leads a process group of which the command, without a terminal, is part. */
function signalSession(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // Gone in the meantime.
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal ? (os.constants.signals[signal] ?? 0) : 0;
}
