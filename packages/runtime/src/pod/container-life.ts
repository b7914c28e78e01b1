/**
 * What the node does with a container while it runs, besides watching it:
 *
 *   started   event -> postStart hook -> probes
 *   stop      event -> preStop hook -> the stop signal, and SIGKILL after the grace period
 *
 * Hooks and probes reach the container over its pod's network, as a kubelet does, or run in it.
 */
import type { Container, ContainerStatus, LifecycleHandler, Pod } from "@podwire/api";
import type { ContainerSlot } from "../container/slot.ts";
import { ContainerProbes, hasProbes } from "../probe/container-probes.ts";
import { runHook } from "../probe/hook.ts";
import type { ProbeTarget } from "../probe/run-probe.ts";
import { atMost } from "../process/run.ts";
import { events } from "./events.ts";
import type { Clock, PodEvent } from "./ports.ts";

export interface ContainerLifeOptions {
  slot: ContainerSlot;
  clock: Clock;
  pod(): Pod;
  container(): Container;
  podIP(): string;
  /** As last reported, also by a daemon before this one. */
  reported(): ContainerStatus | undefined;
  graceMs(): number;
  event(event: PodEvent): void;
  changed(): void;
}

export class ContainerLife {
  readonly #options: ContainerLifeOptions;
  #probes: ContainerProbes | undefined;

  constructor(options: ContainerLifeOptions) {
    this.#options = options;
  }

  started(): void {
    const { slot, pod, container, event, changed } = this.#options;
    event(events.started(pod(), container()));
    const hook = container().lifecycle?.postStart;
    const run = slot.observation.current!;
    if (!hook) this.#probe();
    else {
      run.inHook = true;
      void this.#postStart(hook, run.containerID);
    }
    changed();
  }

  /** Found running after a restart of the daemon: it has started before. */
  recovered(): void {
    const run = this.#options.slot.observation.current;
    if (run?.startedAtMs !== undefined && !run.end) this.#probe();
  }

  ended(): void {
    this.#probes?.stop();
    this.#probes = undefined;
    this.#options.slot.probes = undefined;
  }

  /** Called again, it can only shorten the grace period. */
  stop(graceMs: number, message?: string): void {
    const { slot, pod, container, event } = this.#options;
    const run = slot.observation.current;
    if (!run || run.end) return;
    if (run.stopping) {
      slot.stop(graceMs);
      return;
    }
    event(events.killing(pod(), container(), message));
    this.#probes?.endsSoon();
    const hook = container().lifecycle?.preStop;
    slot.stop(graceMs, hook && graceMs > 0 ? this.#preStop(hook, graceMs) : undefined);
  }

  close(): void {
    this.#probes?.stop();
  }

  async #postStart(hook: LifecycleHandler, containerID: string): Promise<void> {
    const { slot, pod, container, event, changed, graceMs } = this.#options;
    let failed = false;
    try {
      await runHook(hook, this.#target());
    } catch {
      // What it said stays out of the event, as upstream: it may hold secrets.
      failed = true;
    }
    const run = slot.observation.current;
    if (run?.containerID !== containerID || run.end) return;
    run.inHook = false;
    if (failed) {
      event(events.hookFailed(pod(), container(), "PostStart"));
      this.stop(graceMs(), "FailedPostStartHook");
    } else if (!run.stopping) this.#probe();
    changed();
  }

  async #preStop(hook: LifecycleHandler, graceMs: number): Promise<void> {
    const { pod, container, event } = this.#options;
    const ran = runHook(hook, this.#target()).catch(() => {
      event(events.hookFailed(pod(), container(), "PreStop"));
    });
    await atMost(graceMs, ran);
  }

  #probe(): void {
    const { slot, clock, pod, container, reported, event, changed } = this.#options;
    if (!hasProbes(container())) return;
    const run = slot.observation.current!;
    const before = reported();
    const isSame = before?.containerID === run.containerID;
    this.#probes = new ContainerProbes({
      target: this.#target(),
      clock,
      startedAtMs: run.startedAtMs!,
      before: isSame ? { started: before.started ?? false, ready: before.ready } : undefined,
      changed,
      unhealthy: message => event(events.unhealthy(pod(), container(), message)),
      warning: message => event(events.probeWarning(pod(), container(), message)),
    });
    slot.probes = this.#probes.state;
  }

  #target(): ProbeTarget {
    const { slot, container, podIP } = this.#options;
    return {
      container: container(),
      podIP: podIP(),
      exec: (command, timeoutMs) => slot.command(command, timeoutMs),
    };
  }
}
