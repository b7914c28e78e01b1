/**
 * One probe of one run of a container: attempts at their times, and what they say together. As the kubelet's prober
 * worker: a verdict changes when failureThreshold failures, or successThreshold successes, came in a row.
 *
 *   begin -> initialDelaySeconds after the container's start -> attempt -> periodSeconds after its beginning -> ...
 *
 * Between attempts there is one timer, and nothing else.
 */
import type { Probe } from "@podwire/api";
import type { Clock } from "../pod/ports.ts";
import type { ProbeOutcome } from "./run-probe.ts";

export interface ProbeLoopOptions {
  probe: Probe;
  clock: Clock;
  startedAtMs: number;
  attempt(): Promise<ProbeOutcome>;
  /** Thresholds have been reached; called for each verdict, also the same one again. Returns whether to go on. */
  verdict(healthy: boolean): boolean;
  /** Something to tell of one attempt. */
  told(told: { failed?: string; warned?: string; errored?: string }): void;
}

export class ProbeLoop {
  readonly #options: ProbeLoopOptions;
  #last: boolean | undefined;
  #inARow = 0;
  #stopped = false;
  #cancel: () => void = () => {};

  constructor(options: ProbeLoopOptions) {
    this.#options = options;
    const { clock, probe, startedAtMs } = options;
    const firstAtMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
    // Found again after a restart of the daemon: its own phase, so that not all pods are asked at once.
    const passed = Math.max(0, Math.ceil((clock.nowMs() - firstAtMs) / this.#periodMs()));
    const isFresh = clock.nowMs() - firstAtMs < this.#periodMs();
    this.#at(isFresh ? firstAtMs : firstAtMs + passed * this.#periodMs());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #periodMs(): number {
    return (this.#options.probe.periodSeconds || 10) * 1000;
  }

  #at(timeMs: number): void {
    this.#cancel = this.#options.clock.at(timeMs, () => void this.#attempt());
  }

  async #attempt(): Promise<void> {
    const { clock, attempt, told } = this.#options;
    const beganAtMs = clock.nowMs();
    let goesOn = true;
    try {
      const { result, output } = await attempt();
      if (this.#stopped) return;
      if (result === "failure") told({ failed: output });
      if (result === "warning") told({ warned: output });
      goesOn = this.#count(result !== "failure");
    } catch (cause) {
      if (this.#stopped) return;
      told({ errored: (cause as Error).message });
    }
    if (goesOn && !this.#stopped) this.#at(Math.max(beganAtMs + this.#periodMs(), clock.nowMs()));
  }

  /** Returns whether to go on. */
  #count(healthy: boolean): boolean {
    const { probe, verdict } = this.#options;
    this.#inARow = this.#last === healthy ? this.#inARow + 1 : 1;
    this.#last = healthy;
    const threshold = healthy ? probe.successThreshold || 1 : probe.failureThreshold || 3;
    return this.#inARow < threshold || verdict(healthy);
  }
}
