/**
 * The console of a container that has stdin or a terminal: what attached clients type into and read from. It outlives
 * the daemon as the container does, because the shim holds its end open; a daemon that comes later takes a copy of that
 * descriptor from the shim.
 *
 *   stdin, no terminal    daemon, shim = a socket = `cat` = a pipe = the command's stdin
 *   a terminal            daemon, shim = master of a terminal = slave, the command's stdin, stdout and stderr
 *
 * `cat` is there since a command expects a pipe, of which nobody but its holders could say that it is at its end; a
 * socket can be shut down for everyone. It ends when nothing holds the socket any more.
 */
import type { ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { ReadStream } from "node:tty";
import { openPipe, openSocketPair, resizePty, takeDescriptor, unlockPty } from "@podwire/linux";
import type { ProcessIdentity } from "../process/identity.ts";
import { spawnDetached } from "../process/run.ts";
import { bind, type Mount } from "../rootfs/fstab.ts";
import { terminalInput } from "./terminal-input.ts";

export type ConsoleKind = "stdin" | "terminal";

/** Descriptors of the shim: to the daemon, the command's end of the console, and the one that it holds for the daemon. */
export const CONSOLE_FDS = { door: 7, command: 8, held: 9 } as const;

export interface Console {
  /** What the command reads. */
  readonly input: Writable;
  /** What a terminal shows; undefined without one: the output is in the container's FIFOs. */
  readonly output: Socket | undefined;
  resize(columns: number, rows: number): void;
  close(): void;
}

/** Descriptors to start a shim with; close them here once it has started. */
export interface ConsoleEnds {
  /** Of the shim, by number. */
  readonly stdio: readonly ("ignore" | number)[];
  readonly held: number;
  close(): void;
}

/**
 * Run before the shim of a container with a terminal, in a mount namespace of its own: makes the terminals of the
 * container, opens the first and becomes the shim. $1 is the run's folder, $2 the command's user; door is where the
 * daemon is told that the terminal can be unlocked, and answers.
 */
const TERMINAL_SCRIPT = `cd "$1" && mkdir -p pts || exit 1
mount -t devpts -o nosuid,noexec,ptmxmode=0666,mode=0620,gid=5 podwire-terminal pts || exit 1
exec ${CONSOLE_FDS.held}<>pts/ptmx
echo >&${CONSOLE_FDS.door}
read -r unlocked <&${CONSOLE_FDS.door} || exit 1
chown "$2" pts/0 || exit 1
exec ${CONSOLE_FDS.command}<>pts/0 ${CONSOLE_FDS.door}>&-
shift 2
exec "$@"
`;

/** Words before those of the shim. */
export function terminalCommand(runFolder: string, user: number | undefined): string[] {
  return ["unshare", "--mount", "sh", "-c", TERMINAL_SCRIPT, "sh", runFolder, String(user ?? 0)];
}

/** The container's /dev/pts is where its terminal is. */
export function withTerminal(mounts: readonly Mount[], runFolder: string): Mount[] {
  return mounts.map(mount =>
    mount.target === "/dev/pts" ? bind(join(runFolder, "pts"), "/dev/pts") : mount,
  );
}

/** Descriptors to start a shim with a terminal with. */
export function terminalStdio(): ("ignore" | "pipe")[] {
  const stdio = new Array<"ignore" | "pipe">(CONSOLE_FDS.door + 1).fill("ignore");
  stdio[CONSOLE_FDS.door] = "pipe";
  return stdio;
}

/** Calls back once the shim has opened its terminal. What goes wrong ends the shim, and is returned. */
export function onTerminal(shim: ChildProcess, opened: (terminal: Console) => void): { failure?: Error } {
  const outcome: { failure?: Error } = {};
  const door = (shim.stdio as readonly unknown[])[CONSOLE_FDS.door] as Socket;
  door.on("error", () => door.destroy());
  door.once("data", () => {
    try {
      const master = takeDescriptor(shim.pid!, CONSOLE_FDS.held);
      unlockPty(master);
      opened(terminalConsole(master));
      door.end("unlocked\n");
    } catch (cause) {
      outcome.failure = cause as Error;
      shim.kill("SIGKILL");
    }
  });
  return outcome;
}

/** For a container with stdin and no terminal. */
export function openStdin(): ConsoleEnds {
  const [held, far] = openSocketPair();
  const { read, write } = openPipe();
  const cat: ChildProcess = spawnDetached("cat", [], { stdio: [far, write, "ignore"] });
  cat.unref();
  // Missing like this, it would be missed by everything else first.
  cat.on("error", () => {});
  closeSync(far);
  closeSync(write);
  const stdio = new Array<"ignore" | number>(CONSOLE_FDS.held + 1).fill("ignore");
  stdio[CONSOLE_FDS.command] = read;
  stdio[CONSOLE_FDS.held] = held;
  return { stdio, held, close: () => closeSync(read) };
}

/** The console of a run whose shim runs already. Throws when it cannot be had. */
export function consoleOf(shim: ProcessIdentity, kind: ConsoleKind): Console {
  return openConsole(takeDescriptor(shim.pid, CONSOLE_FDS.held), kind);
}

/** Takes the descriptor over. */
export function openConsole(fd: number, kind: ConsoleKind): Console {
  return kind === "terminal" ? terminalConsole(fd) : stdinConsole(fd);
}

function stdinConsole(fd: number): Console {
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on("error", () => socket.destroy());
  return { input: socket, output: undefined, resize: () => {}, close: () => socket.destroy() };
}

function terminalConsole(master: number): Console {
  const terminal = new ReadStream(master);
  return {
    input: terminalInput(terminal),
    output: terminal,
    resize: (columns, rows) => {
      if (!terminal.destroyed) resizePty(master, columns, rows);
    },
    close: () => terminal.destroy(),
  };
}
