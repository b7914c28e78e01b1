/**
 * Keeps a lab's daemons alive. A daemon that dies is started again at once; one that keeps dying waits longer
 * and longer. `stop` ends the watch, asks all of them to end, in parallel, and waits for it.
 */
import { EventEmitter } from "node:events";
import type { ProcessIdentity } from "@podwire/runtime";
import { LabError } from "../errors.ts";
import {
  FIRST_RESTART_BACKOFF_MS,
  MAX_RESTART_BACKOFF_MS,
  READY_TIMEOUT_MS,
  STABLE_AFTER_MS,
  TERMINATION_GRACE_MS,
} from "../limits.ts";
import { signal } from "../state/identity.ts";
import type { DaemonState } from "../state/state.ts";
import { type Daemon, type DaemonSpec, describeExit, type Exit, startDaemon } from "./daemon.ts";
import { quoteLog } from "./log-files.ts";

interface Supervised {
  readonly spec: DaemonSpec;
  daemon: Daemon | undefined;
  restarts: number;
  startedAtMs: number;
  /** The last one; undefined before the first death. */
  backoffMs: number | undefined;
  timer: NodeJS.Timeout | undefined;
}

export interface SupervisorEvents {
  /** A daemon died; it is started again after `delayMs`. */
  died: [name: string, how: string, delayMs: number];
  /** A daemon that was started again serves. */
  restarted: [name: string];
  /** Who runs has changed: lab.json wants to be written. */
  changed: [];
}

export class Supervisor extends EventEmitter<SupervisorEvents> {
  readonly #daemons = new Map<string, Supervised>();
  #stopping = false;

  /**
   * Starts a daemon and keeps it alive from then on. Resolves with its ready line. Rejects after `stop`, which would
   * not wait for what is started behind its back.
   */
  async start(spec: DaemonSpec, readyTimeoutMs: number): Promise<Record<string, unknown>> {
    if (this.#stopping) throw new LabError(`${spec.name}: not started: the lab is being taken down`);
    const supervised: Supervised = {
      spec,
      daemon: undefined,
      restarts: 0,
      startedAtMs: 0,
      backoffMs: undefined,
      timer: undefined,
    };
    this.#daemons.set(spec.name, supervised);
    const daemon = this.#launch(supervised, readyTimeoutMs);
    const line = await daemon.ready;
    this.#watch(supervised, daemon);
    return line;
  }

  states(): DaemonState[] {
    return [...this.#daemons.values()].map(supervised => ({
      name: supervised.spec.name,
      identity: supervised.daemon?.identity,
      restarts: supervised.restarts,
      startedAt: new Date(supervised.startedAtMs).toISOString(),
    }));
  }

  identity(name: string): ProcessIdentity | undefined {
    return this.#daemons.get(name)?.daemon?.identity;
  }

  /** Kills a daemon and resolves when it is dead. It is started again, as after any death. */
  async kill(name: string, by: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { daemon } = this.#daemons.get(name) ?? {};
    if (!daemon) throw new RangeError(`no such daemon runs: ${name}`);
    signal(daemon.identity, by);
    await daemon.ended;
  }

  async stop(graceMs: number = TERMINATION_GRACE_MS): Promise<void> {
    this.#stopping = true;
    const ends: Promise<Exit>[] = [];
    for (const { daemon, timer } of this.#daemons.values()) {
      clearTimeout(timer);
      if (daemon && signal(daemon.identity, "SIGTERM")) ends.push(daemon.ended);
    }
    await withTimeout(Promise.all(ends), graceMs);
  }

  killAll(): void {
    for (const { daemon } of this.#daemons.values()) if (daemon) signal(daemon.identity, "SIGKILL");
  }

  #launch(supervised: Supervised, readyTimeoutMs: number): Daemon {
    const daemon = startDaemon(supervised.spec, readyTimeoutMs);
    supervised.daemon = daemon;
    supervised.startedAtMs = Date.now();
    this.emit("changed");
    return daemon;
  }

  #watch(supervised: Supervised, daemon: Daemon): void {
    void daemon.ended.then(exit => this.#restartAfter(supervised, howItDied(supervised.spec, exit)));
  }

  #restartAfter(supervised: Supervised, how: string): void {
    supervised.daemon = undefined;
    if (this.#stopping) return;
    const delayMs = nextBackoff(supervised.backoffMs, Date.now() - supervised.startedAtMs);
    supervised.backoffMs = delayMs;
    this.emit("died", supervised.spec.name, how, delayMs);
    supervised.timer = setTimeout(() => this.#restart(supervised), delayMs);
  }

  #restart(supervised: Supervised): void {
    supervised.restarts++;
    let daemon: Daemon;
    try {
      daemon = this.#launch(supervised, READY_TIMEOUT_MS);
    } catch (error) {
      // No memory or no process left: that may pass.
      this.#restartAfter(supervised, (error as Error).message);
      return;
    }
    this.#watch(supervised, daemon);
    // A daemon that takes long, perhaps because the control plane is away, is left to it.
    daemon.ready.then(
      () => this.emit("restarted", supervised.spec.name),
      () => {},
    );
  }
}

/** Of a daemon that gave up, with the last of its errors. */
function howItDied(spec: DaemonSpec, exit: Exit): string {
  const how = describeExit(exit);
  if (exit.code === null || exit.code === 0) return how;
  const lines = quoteLog(spec.log).split("\n").reverse();
  const reason = lines.find(line => /error/i.test(line));
  return reason === undefined ? how : `${how}: ${reason.trim()}`;
}

/** None at first and for a daemon that was stable; then the first, then twice the one before, up to the bound. */
export function nextBackoff(lastMs: number | undefined, uptimeMs: number): number {
  if (lastMs === undefined || uptimeMs >= STABLE_AFTER_MS) return 0;
  if (lastMs === 0) return FIRST_RESTART_BACKOFF_MS;
  return Math.min(lastMs * 2, MAX_RESTART_BACKOFF_MS);
}

async function withTimeout(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
