/**
 * One container of a pod through all of its runs: the present one, the one before, and their logs.
 *
 *   <pod>/containers/<name>/{life,stdout,stderr}   FIFOs, made with the sandbox, used by each run in turn
 *   <pod>/containers/<name>/<n>/                   the files of run n
 *   <pod>/containers/<name>/<n>.log                its log
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { LIMITS } from "../limits.ts";
import type { LogStream } from "../logs/cri.ts";
import { LogFile } from "../logs/log-file.ts";
import { logTail } from "../logs/log-tail.ts";
import type { ContainerObservation, Problem, Run } from "../pod/observation.ts";
import type { ProbeState } from "../probe/container-probes.ts";
import type { CommandResult } from "../probe/run-probe.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import { atMost } from "../process/run.ts";
import type { ContainerMounts } from "../rootfs/container-mounts.ts";
import { Attachments, type AttachOptions, type AttachSession } from "./attach.ts";
import type { ContainerProcess } from "./process.ts";
import {
  killLeftovers,
  killRun,
  killShim,
  mainProcess,
  type RunImage,
  type RunInfo,
  type RunNamespaces,
  type RunState,
  type RunWatcher,
  readRun,
  recoverConsole,
  startRun,
  terminateRun,
  watchRun,
} from "./run.ts";
import { runCommand } from "./run-command.ts";
import { CONTAINER_FIFOS, RUN_FILES } from "./run-script.ts";

export interface SlotEvents {
  started(): void;
  /** `wasSeen`: `started` has been told before. */
  ended(wasSeen: boolean): void;
}

interface Live {
  info: RunInfo;
  folder: string;
  log: LogFile;
  /** Reading of stdout and stderr, to their ends. */
  drained: Promise<void>[];
  watch: { close(): void } | undefined;
  attachments: Attachments;
  /** Until process 1 has a handler for its stop signal. */
  termTimer: NodeJS.Timeout | undefined;
  killTimer: NodeJS.Timeout | undefined;
  killAtMs: number;
}

export class ContainerSlot {
  readonly name: string;
  readonly #dir: string;
  readonly #podsDir: string;
  readonly #events: SlotEvents;
  readonly #seen: ContainerObservation = {};
  #live: Live | undefined;
  #execs = 0;

  constructor(podsDir: string, podDir: string, name: string, events: SlotEvents) {
    this.name = name;
    this.#podsDir = podsDir;
    this.#dir = join(podDir, "containers", name);
    this.#events = events;
  }

  get observation(): ContainerObservation {
    return this.#seen;
  }

  set problem(problem: Problem | undefined) {
    if (problem) this.#seen.problem = problem;
    else delete this.#seen.problem;
  }

  /** What its probes say of the present run. */
  set probes(state: ProbeState | undefined) {
    if (state) this.#seen.probes = state;
    else delete this.#seen.probes;
  }

  set backOff(backOff: { untilMs: number; delayMs: number } | undefined) {
    if (backOff) this.#seen.backOff = backOff;
    else delete this.#seen.backOff;
  }

  /** FIFOs that have yet to be made, by whoever makes the sandbox. */
  fifos(): string[] {
    mkdirSync(this.#dir, { recursive: true });
    const present = new Set(readdirSync(this.#dir));
    return CONTAINER_FIFOS.filter(name => !present.has(name)).map(name => join(this.#dir, name));
  }

  nextRestartCount(): number {
    return (this.#seen.current?.restartCount ?? -1) + 1;
  }

  /** Starts a run. Rejects when it cannot even be set up; the run then never was. */
  async start(
    info: RunInfo,
    process: ContainerProcess,
    mountsOf: (runFolder: string) => Promise<ContainerMounts>,
    namespaces: RunNamespaces,
    image?: RunImage,
  ): Promise<void> {
    const folder = this.#runFolder(info.restartCount);
    rmSync(folder, { recursive: true, force: true });
    const live = this.#newLive(info, folder);
    const watcher = this.#watcher(live);
    // Set before anything runs: its start and end may be heard before the shim has answered.
    this.#live = live;
    const { current, previous } = this.#seen;
    this.#advance(observed(info));
    try {
      const mounts = await mountsOf(folder);
      live.watch = await startRun(folder, info, process, mounts, namespaces, watcher, this.#podsDir, image);
    } catch (cause) {
      this.#live = undefined;
      live.attachments.close();
      this.#restore(current, previous);
      await Promise.all(live.drained);
      rmSync(folder, { recursive: true, force: true });
      throw cause;
    }
    this.#prune();
  }

  /** Finds this container's runs on disk; goes on watching the one that still runs. */
  async recover(): Promise<void> {
    const counts = this.#runsOnDisk();
    for (const count of counts.slice(-LIMITS.runsKept)) {
      const folder = this.#runFolder(count);
      const info = readInfo(folder);
      if (!info || readRun(folder).state === "never") {
        rmSync(folder, { recursive: true, force: true });
        continue;
      }
      const run = observed(info);
      this.#advance(run);
      if (count === counts.at(-1)) await this.#recoverCurrent(info, folder, run);
      else this.#note(folder, run, await this.#readEnd(folder, info));
    }
  }

  /**
   * The stop signal now, or when `hold` resolves, and SIGKILL after the grace period; called again, it can only shorten
   * that. What `hold` takes is part of the grace period, but for the least that a container gets after it.
   */
  stop(graceMs: number, hold?: Promise<void>): void {
    const live = this.#live;
    const run = this.#seen.current;
    if (!live || !run || run.end) return;
    const isFirst = !run.stopping;
    run.stopping = true;
    this.#killAfter(live, graceMs + (hold ? LIMITS.leastGraceMs : 0));
    if (!isFirst) return;
    if (!hold) {
      this.#terminate(live);
      return;
    }
    const heldSinceMs = performance.now();
    void hold.then(() => {
      const leftMs = graceMs - (performance.now() - heldSinceMs);
      this.#killAfter(live, Math.max(leftMs, LIMITS.leastGraceMs));
      this.#terminate(live);
    });
  }

  /** Sent again as soon as process 1 has a handler for it: one that is still starting would miss it. */
  #terminate(live: Live, delayMs: number = LIMITS.handlerLookMs.first): void {
    if (this.#live !== live || terminateRun(live.folder, live.info)) return;
    const next = Math.min(delayMs * 2, LIMITS.handlerLookMs.longest);
    live.termTimer = setTimeout(() => this.#terminate(live, next), delayMs);
  }

  #killAfter(live: Live, graceMs: number): void {
    const killAtMs = performance.now() + graceMs;
    if (this.#live !== live || killAtMs >= live.killAtMs) return;
    live.killAtMs = killAtMs;
    clearTimeout(live.killTimer);
    live.killTimer = setTimeout(() => this.#kill(live), graceMs);
  }

  /** The running container's process 1 and how it was started, for exec; undefined when it does not run. */
  running(): { main: ProcessIdentity; info: RunInfo; folder: string } | undefined {
    const live = this.#live;
    const main = live && mainProcess(live.folder);
    return main && this.#seen.current?.startedAtMs !== undefined
      ? { main, info: live.info, folder: live.folder }
      : undefined;
  }

  /** Runs a command of the node's own; `timeoutMs` 0: without an end. Rejects when the container does not run. */
  async command(command: readonly string[], timeoutMs: number): Promise<CommandResult> {
    const running = this.running();
    if (!running) throw new Error(`container ${this.name} is not running`);
    return runCommand(running, command, timeoutMs);
  }

  /** Attaches to the running container; undefined when it does not run. */
  attach(options: AttachOptions): AttachSession | undefined {
    return this.running() && this.#live?.attachments.attach(options);
  }

  /** Counts an exec; the returned function ends it. Throws at the bound. */
  beginExec(): () => void {
    if (this.#execs >= LIMITS.execsPerContainer) {
      throw new Error(
        `container ${this.name} already runs ${LIMITS.execsPerContainer} commands through exec: end one of them first`,
      );
    }
    this.#execs++;
    return () => {
      this.#execs--;
    };
  }

  /** Where a run's log is, and the file that still grows. */
  log(previous: boolean): { path: string; live: LogFile | undefined } | undefined {
    const run = previous ? this.#seen.previous : this.#seen.current;
    if (!run) return undefined;
    const live = this.#live?.info.restartCount === run.restartCount ? this.#live.log : undefined;
    return { path: this.#logPath(run.restartCount), live };
  }

  /** Stops listening; the container goes on. */
  close(): void {
    clearTimeout(this.#live?.killTimer);
    clearTimeout(this.#live?.termTimer);
    this.#live?.watch?.close();
    this.#live?.attachments.close();
    this.#live = undefined;
  }

  #kill(live: Live): void {
    // In its first millisecond a run has no process 1 yet: killing the shim then would lose sight of it.
    const killed = killRun(live.folder);
    live.killTimer = killed
      ? setTimeout(() => killShim(live.folder), LIMITS.killTimeoutMs)
      : setTimeout(() => this.#kill(live), LIMITS.killRetryMs);
  }

  #advance(run: Run): void {
    if (this.#seen.current) this.#seen.previous = this.#seen.current;
    this.#seen.current = run;
    this.problem = undefined;
    this.backOff = undefined;
    this.probes = undefined;
  }

  #restore(current: Run | undefined, previous: Run | undefined): void {
    delete this.#seen.current;
    delete this.#seen.previous;
    Object.assign(this.#seen, { ...(current && { current }), ...(previous && { previous }) });
  }

  async #recoverCurrent(info: RunInfo, folder: string, run: Run): Promise<void> {
    const live = this.#newLive(info, folder);
    const watcher = this.#watcher(live);
    live.watch = watchRun(folder, watcher);
    const now = readRun(folder);
    if (now.state !== "running") {
      live.watch.close();
      killLeftovers(folder);
      this.#note(folder, run, await this.#readEnd(folder, info));
      return;
    }
    run.startedAtMs = now.startedAtMs;
    this.#live = live;
    const console = recoverConsole(folder, info);
    if (console) watcher.console(console);
  }

  #newLive(info: RunInfo, folder: string): Live {
    const log = new LogFile(this.#logPath(info.restartCount));
    const never = Number.POSITIVE_INFINITY;
    return {
      info,
      folder,
      log,
      drained: [],
      watch: undefined,
      attachments: new Attachments(info.stdinOnce ?? false),
      termTimer: undefined,
      killTimer: undefined,
      killAtMs: never,
    };
  }

  #watcher(live: Live): RunWatcher {
    return {
      output: (stream, socket) => this.#drain(live, stream, socket),
      console: console => {
        live.attachments.console = console;
        if (console.output) this.#drain(live, "stdout", console.output);
      },
      started: () => this.#started(live),
      ended: () => void this.#ended(live),
    };
  }

  #drain(live: Live, stream: LogStream, socket: Socket): void {
    live.drained.push(live.log.drain(stream, socket, bytes => live.attachments.tap(stream, bytes)));
  }

  #started(live: Live): void {
    if (this.#live !== live) return;
    const run = this.#seen.current;
    const now = readRun(live.folder);
    if (!run || run.startedAtMs !== undefined || now.state !== "running") return;
    run.startedAtMs = now.startedAtMs;
    // Asked to end while it was being set up: setup ignores SIGTERM.
    if (run.stopping) this.#terminate(live);
    this.#events.started();
  }

  async #ended(live: Live): Promise<void> {
    clearTimeout(live.killTimer);
    clearTimeout(live.termTimer);
    killLeftovers(live.folder);
    await atMost(LIMITS.drainTimeoutMs, Promise.all(live.drained));
    live.attachments.close();
    if (this.#live !== live) return;
    live.watch?.close();
    const end = await this.#readEnd(live.folder, live.info);
    if (this.#live !== live) return;
    this.#live = undefined;
    const run = this.#seen.current;
    const wasSeen = run?.startedAtMs !== undefined;
    if (run?.containerID === live.info.containerID) this.#note(live.folder, run, end);
    this.#events.ended(wasSeen);
  }

  /** What the run's folder says, with the end of its log where that is its termination message. */
  async #readEnd(folder: string, info: RunInfo): Promise<RunState> {
    const state = readRun(folder);
    if (state.state !== "ended" || !info.fallbackToLogs || state.end.message !== undefined) return state;
    if (state.end.exitCode === 0) return state;
    const { terminationLogLines, terminationLogBytes } = LIMITS;
    const tail = await logTail(this.#logPath(info.restartCount), terminationLogLines, terminationLogBytes);
    if (tail !== "") state.end.message = tail;
    return state;
  }

  #note(folder: string, run: Run, state: RunState): void {
    if (state.state === "never") {
      rmSync(folder, { recursive: true, force: true });
      this.#restore(this.#seen.previous, undefined);
    }
    if (state.state !== "ended") return;
    run.end = state.end;
    run.startedAtMs ??= state.end.startedAtMs;
  }

  #prune(): void {
    for (const count of this.#runsOnDisk().slice(0, -LIMITS.runsKept)) {
      rmSync(this.#runFolder(count), { recursive: true, force: true });
      for (const suffix of ["", ".1"]) rmSync(`${this.#logPath(count)}${suffix}`, { force: true });
    }
  }

  #runsOnDisk(): number[] {
    return namesIn(this.#dir)
      .filter(name => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }

  #runFolder(restartCount: number): string {
    return join(this.#dir, String(restartCount));
  }

  #logPath(restartCount: number): string {
    return join(this.#dir, `${restartCount}.log`);
  }
}

function observed(info: RunInfo): Run {
  const { containerID, imageID, restartCount, sandboxAttempt } = info;
  return {
    containerID,
    image: info.image,
    imageID,
    restartCount,
    sandboxAttempt,
    startedAtMs: undefined,
    end: undefined,
    stopping: false,
  };
}

function readInfo(folder: string): RunInfo | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, RUN_FILES.info), "utf8")) as RunInfo;
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
