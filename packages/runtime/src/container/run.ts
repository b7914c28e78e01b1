/**
 * One run of a container: start, watch, stop, and find again after a restart of the daemon.
 *
 * A run is a folder (`<pod>/containers/<name>/<restartCount>`) and two processes, the shim and the container's
 * process 1. What the folder's files say, a restarted daemon knows:
 *
 *   no `shim`                 the daemon died before anything ran: never started
 *   `shim` runs               running
 *   `exit`                    ended, with that code, at that file's time of change
 *   no `exit`, no `main`      the shim died with the daemon, before it forked: never started
 *   no `exit`                 lost: the shim was killed; reported as exit code 137
 */
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import os from "node:os";
import { join } from "node:path";
import { getSystemErrorName } from "@podwire/linux";
import { runLaunch } from "../launch/launch.ts";
import { mountOptions } from "../launch/mount-options.ts";
import { LIMITS } from "../limits.ts";
import { architecture } from "../pause/install.ts";
import {
  isRunning,
  namespaceOf,
  type ProcessIdentity,
  processesIn,
  readIdentity,
  signal,
} from "../process/identity.ts";
import { Lifeline, openFifo } from "../process/lifeline.ts";
import { firstLine, spawnDetached } from "../process/run.ts";
import { catchesSignal } from "../process/signals.ts";
import type { ContainerMounts } from "../rootfs/container-mounts.ts";
import { fstab, type Mount } from "../rootfs/fstab.ts";
import { IN_ROOT } from "../rootfs/root.ts";
import {
  type Console,
  type ConsoleKind,
  consoleOf,
  onTerminal,
  openConsole,
  openStdin,
  terminalCommand,
  terminalStdio,
  withTerminal,
} from "./console.ts";
import type { ContainerProcess } from "./process.ts";
import { RUN_FILES, runScript } from "./run-script.ts";

/** What is kept of a run, in its folder. */
export interface RunInfo {
  containerID: string;
  image: string;
  imageID: string;
  /** Its root is an image of the store. */
  onImage?: boolean;
  /** What asks it to end; SIGTERM when not given. */
  stopSignal?: number;
  restartCount: number;
  /** Which of the pod's sandboxes it belongs to. */
  sandboxAttempt: number;
  /** Joins the pod's process namespace. */
  sharedProcesses: boolean;
  console?: ConsoleKind;
  /** Its stdin ends with that of the first client that attaches. */
  stdinOnce?: boolean;
  /** The end of its log becomes its termination message when it fails without one. */
  fallbackToLogs?: boolean;
  /** As it was started: exec runs with the same environment, user and capabilities. */
  process: Omit<ContainerProcess, "environment"> & { environment: [string, string][] };
}

export interface RunEnd {
  exitCode: number;
  reason: "Completed" | "Error" | "StartError" | "ContainerStatusUnknown";
  message?: string;
  startedAtMs: number;
  finishedAtMs: number;
}

export interface RunNamespaces {
  /** Mount namespace to copy. */
  root: ProcessIdentity;
  /** Network, UTS, IPC and perhaps process namespace to join. */
  sandbox: ProcessIdentity;
}

/** The image that a run has as its root. */
export interface RunImage {
  /** Relative to the store's `layers`, the highest first. */
  lowerDirectories: readonly string[];
  readOnly: boolean;
}

export interface RunWatcher {
  /** stdout or stderr of a run that runs: read it to its end. */
  output(stream: "stdout" | "stderr", socket: Socket): void;
  /** What clients attach to; called before anything runs. */
  console(console: Console): void;
  /** The command was executed. */
  started(): void;
  ended(): void;
}

/** Writes the run's folder and starts the shim; resolves when it holds the FIFOs. The watcher hears the rest. */
export async function startRun(
  folder: string,
  info: RunInfo,
  process: ContainerProcess,
  mounts: ContainerMounts,
  namespaces: RunNamespaces,
  watcher: RunWatcher,
  podsDir: string,
  image?: RunImage,
): Promise<{ close(): void }> {
  const inRoot = join(IN_ROOT.pods, folder.slice(podsDir.length));
  mkdirSync(folder, { recursive: true });
  // The environment may hold what comes from Secrets.
  const write = (name: string, text: string): void =>
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  write(RUN_FILES.info, JSON.stringify(info));
  const isTerminal = info.console === "terminal";
  const ofPod = isTerminal ? withTerminal(mounts.mounts, inRoot) : mounts.mounts;
  writeFileSync(join(folder, RUN_FILES.terminationLog), "");
  // For the container's own user, whatever this process's umask.
  chmodSync(join(folder, RUN_FILES.terminationLog), 0o666);
  if (image) writeLaunch(folder, info, process, [...ofPod, ...mounts.volumes], image, namespaces.root);
  else {
    write(RUN_FILES.rootFstab, fstab(mounts.root));
    write(RUN_FILES.fstab, fstab(ofPod));
    write(RUN_FILES.volumesFstab, fstab(mounts.volumes));
  }
  const { sharedProcesses, console } = info;
  const onImage = image !== undefined;
  write(RUN_FILES.script, runScript({ process, folder: inRoot, mounts, sharedProcesses, onImage, console }));
  const watch = watchRun(folder, watcher);
  const { root, sandbox } = namespaces;
  const shell = ["sh", join(inRoot, RUN_FILES.script), folder];
  const own = info.sharedProcesses ? [] : ["--pid"];
  const join_ = info.sharedProcesses ? [`--pid=/proc/${sandbox.pid}/ns/pid`, "--no-fork"] : [];
  const ends = info.console === "stdin" ? openStdin() : undefined;
  const more = isTerminal ? terminalStdio() : (ends?.stdio ?? []);
  const child = spawnDetached(
    "nsenter",
    [
      `--mount=/proc/${root.pid}/ns/mnt`,
      ...["net", "uts", "ipc"].map(kind => `--${kind}=/proc/${sandbox.pid}/ns/${kind}`),
      ...join_,
      ...(isTerminal ? terminalCommand(inRoot, process.user) : []),
      ...["unshare", ...own, "--mount", ...shell],
    ],
    { stdio: ["ignore", "pipe", "pipe", ...more.slice(3)] },
  );
  child.unref();
  if (ends) watcher.console(openConsole(ends.held, "stdin"));
  ends?.close();
  const terminal = isTerminal ? onTerminal(child, opened => watcher.console(opened)) : undefined;
  try {
    await firstLine(child, "container setup");
  } catch (cause) {
    watch.close();
    throw terminal?.failure ?? cause;
  }
  return watch;
}

function writeLaunch(
  folder: string,
  info: RunInfo,
  process: ContainerProcess,
  mounts: readonly Mount[],
  image: RunImage,
  root: ProcessIdentity,
): void {
  const launch = runLaunch(architecture(), {
    process,
    root: { ...image, mounts: mounts.map(mount => ({ ...mount, isFolder: isFolder(mount, root) })) },
    terminal: info.console === "terminal",
    namespacesTo: info.sharedProcesses ? RUN_FILES.namespaces : undefined,
  });
  writeFileSync(join(folder, RUN_FILES.launch), launch, { mode: 0o755 });
}

/** What a bind mount shows is looked at where it lies in the root. */
function isFolder({ source, options }: Mount, root: ProcessIdentity): boolean {
  if (!mountOptions(options).bind) return true;
  const path = `/proc/${root.pid}/root${source}`;
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true;
}

/** Listens to a run that runs or is about to, until closed. */
export function watchRun(folder: string, watcher: RunWatcher): { close(): void } {
  const container = join(folder, "..");
  const outputs = (["stdout", "stderr"] as const).map(stream => {
    const socket = openFifo(join(container, stream));
    watcher.output(stream, socket);
    return socket;
  });
  const lifeline = new Lifeline(join(container, "life"), {
    data: bytes => {
      if (bytes.includes("started")) watcher.started();
    },
    end: watcher.ended,
  });
  return {
    close: () => {
      lifeline.close();
      for (const socket of outputs) socket.destroy();
    },
  };
}

export type RunState =
  | { state: "never" }
  | { state: "running"; startedAtMs: number | undefined }
  | { state: "ended"; end: RunEnd };

/** What the folder says now. Ask after `watchRun`, so that an end cannot fall in between. */
export function readRun(folder: string): RunState {
  const shim = readIdentity(join(folder, RUN_FILES.shim));
  if (!shim) return { state: "never" };
  const startedAtMs = changedAtMs(join(folder, RUN_FILES.started), 1);
  const exit = readText(join(folder, RUN_FILES.exit));
  if (exit === undefined && isRunning(shim)) return { state: "running", startedAtMs };
  // The shim died of a dead daemon's pipe, before it forked.
  if (exit === undefined && !readIdentity(join(folder, RUN_FILES.main))) return { state: "never" };
  return { state: "ended", end: readEnd(folder, exit, startedAtMs) };
}

/** As launch/machine.ts says a system call's. */
const ERROR_NUMBER = /error (\d{3})$/;

function nameError(_: string, digits: string): string {
  return getSystemErrorName(Number(digits));
}

function readEnd(folder: string, exit: string | undefined, startedAtMs: number | undefined): RunEnd {
  const finishedAtMs = changedAtMs(join(folder, RUN_FILES.exit), 0) ?? Date.now();
  const times = { startedAtMs: startedAtMs ?? finishedAtMs, finishedAtMs };
  const exitCode = Number.parseInt(exit ?? "", 10);
  if (Number.isNaN(exitCode)) {
    const message = "The container could not be located: its parent process was killed";
    return { exitCode: 137, reason: "ContainerStatusUnknown", message, ...times };
  }
  if (startedAtMs === undefined) {
    const said = readText(join(folder, RUN_FILES.error))?.trim();
    const message = said?.replace(ERROR_NUMBER, nameError) || "setup failed";
    return { exitCode, reason: "StartError", message, ...times };
  }
  const message = readText(join(folder, RUN_FILES.terminationLog))?.slice(0, LIMITS.terminationMessageBytes);
  return { exitCode, reason: exitCode === 0 ? "Completed" : "Error", ...(message && { message }), ...times };
}

/** The console of a run that a daemon before this one started; undefined when it has none, or none any more. */
export function recoverConsole(folder: string, info: RunInfo): Console | undefined {
  const shim = readIdentity(join(folder, RUN_FILES.shim));
  if (!info.console || !isRunning(shim)) return undefined;
  try {
    return consoleOf(shim, info.console);
  } catch {
    // It ended in between.
    return undefined;
  }
}

/** The container's process 1, while it runs. */
export function mainProcess(folder: string): ProcessIdentity | undefined {
  const main = readIdentity(join(folder, RUN_FILES.main));
  return isRunning(main) ? main : undefined;
}

/**
 * Asks process 1 to end. Returns whether it hears of it: process 1 of its own namespace never sees a signal that it has
 * no handler for, also when it has none yet.
 */
export function terminateRun(folder: string, info: RunInfo): boolean {
  const main = mainProcess(folder);
  const number = info.stopSignal ?? os.constants.signals.SIGTERM;
  const heard = info.sharedProcesses || !main || catchesSignal(main.pid, number);
  signal(main, number);
  return heard;
}

/**
 * SIGKILL to all of the container: the end of process 1 ends its namespace. Where that is the pod's, the
 * container's processes are those of its mount namespace. Returns whether process 1 was found.
 */
export function killRun(folder: string): boolean {
  const found = signal(mainProcess(folder), "SIGKILL");
  killLeftovers(folder);
  return found;
}

/** Ends what a run that shares the pod's processes has left in the background; others leave nothing. */
export function killLeftovers(folder: string): void {
  const numbers = readText(join(folder, RUN_FILES.namespaces))?.match(/\d+/g);
  if (!numbers) return;
  const [mounts, processes] = numbers.map(Number);
  for (const pid of processesIn("mnt", mounts!)) {
    if (namespaceOf(pid, "pid") === processes) signalQuietly(pid);
  }
}

/** The last resort when even the shim does not end. */
export function killShim(folder: string): void {
  signal(readIdentity(join(folder, RUN_FILES.shim)), "SIGKILL");
}

function signalQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone in the meantime.
  }
}

function changedAtMs(path: string, atLeastBytes: number): number | undefined {
  try {
    const { mtimeMs, size } = statSync(path);
    return size >= atLeastBytes ? mtimeMs : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
