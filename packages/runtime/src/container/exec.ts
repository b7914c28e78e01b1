/**
 * Running a command in a container that runs: in all of its namespaces, with its environment, user and
 * capabilities, over pipes or a terminal.
 */

import type { ChildProcess } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import os from "node:os";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { ReadStream } from "node:tty";
import { openPty, resizePty } from "@podwire/linux";
import { LIMITS } from "../limits.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import { atMost, program, quote, spawnDetached } from "../process/run.ts";
import { type ContainerProcess, commandLine, prepareCommand } from "./process.ts";
import type { RunInfo } from "./run.ts";

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
  /** Ends the command (SIGKILL). */
  kill(): void;
}

/** As the shell's: the command is not there. */
const NOT_FOUND_EXIT_CODE = 127;

/** `main` is the container's process 1. Throws when no terminal can be opened. */
export function execInContainer(main: ProcessIdentity, info: RunInfo, options: ExecOptions): ExecSession {
  const environment = new Map(info.process.environment);
  if (options.tty && !environment.has("TERM")) environment.set("TERM", "xterm");
  const process: ContainerProcess = { ...info.process, environment, command: options.command };
  return options.tty ? overTerminal(main, process, options) : overPipes(main, process, options);
}

function nsenterArguments(main: ProcessIdentity, process: ContainerProcess, before: string): string[] {
  const script = `${prepareCommand(process, `exit ${NOT_FOUND_EXIT_CODE}`)}exec ${before}${commandLine(process)}`;
  const namespaces = ["mnt", "uts", "ipc", "net", "pid"].map(kind => {
    return `--${kind === "mnt" ? "mount" : kind}=/proc/${main.pid}/ns/${kind}`;
  });
  return [...namespaces, "sh", "-c", script];
}

function overPipes(main: ProcessIdentity, process: ContainerProcess, options: ExecOptions): ExecSession {
  const child = spawnDetached("nsenter", nsenterArguments(main, process, ""), {
    stdio: [options.stdin ? "pipe" : "ignore", "pipe", "pipe"],
  });
  // A command that ends before it has read all of its input is no error.
  child.stdin?.on("error", () => child.stdin!.destroy());
  return {
    stdin: child.stdin ?? undefined,
    stdout: child.stdout!,
    stderr: child.stderr!,
    resize: () => {},
    ended: whenEnded(child, closed(child)),
    kill: () => killSession(child),
  };
}

function overTerminal(main: ProcessIdentity, process: ContainerProcess, options: ExecOptions): ExecSession {
  const pty = openPty(`/proc/${main.pid}/root/dev/pts`);
  const slave = openSync(pty.slavePath, constants.O_RDWR | constants.O_NOCTTY);
  const before = `${quote(program("setsid"))} --ctty `;
  const child = spawnDetached("nsenter", nsenterArguments(main, process, before), {
    stdio: [slave, slave, slave],
  });
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
    kill: () => {
      killSession(child);
      terminal.destroy();
    },
  };
}

/** Input ends on a terminal by its end-of-file character, not by closing it. */
function terminalInput(terminal: ReadStream): Writable {
  const END_OF_TRANSMISSION = Buffer.from([4]);
  const input = new PassThrough();
  input.on("data", bytes => {
    if (!terminal.destroyed && !terminal.write(bytes)) {
      input.pause();
      terminal.once("drain", () => input.resume());
    }
  });
  input.once("end", () => {
    if (!terminal.destroyed) terminal.write(END_OF_TRANSMISSION);
  });
  return input;
}

async function whenEnded(child: ChildProcess, outputRead: Promise<void>): Promise<number> {
  const exitCode = await new Promise<number>(resolve => {
    child.once("error", () => resolve(NOT_FOUND_EXIT_CODE));
    // nsenter ends as its child did; a signal shows as a signal.
    child.once("exit", (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
  // What the command left in the background may hold the output open; that does not hold the end back.
  await atMost(LIMITS.drainTimeoutMs, outputRead);
  return exitCode;
}

function closed(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    child.once("close", () => resolve());
  });
}

/** nsenter leads a process group of which the command, without a terminal, is part. */
function killSession(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone in the meantime.
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal ? (os.constants.signals[signal] ?? 0) : 0;
}
