/**
 * The probes of one run of a container, together:
 *
 *   startup      until it has succeeded, the others wait; its failure ends the run
 *   liveness     its failure ends the run
 *   readiness    decides, for as long as the container runs, whether it is ready
 */
import type { Container, Probe } from "@podwire/api";
import type { Clock } from "../pod/ports.ts";
import { ProbeLoop } from "./probe-loop.ts";
import { type ProbeTarget, runProbe } from "./run-probe.ts";

export interface ProbeState {
  started: boolean;
  ready: boolean;
  /** The run is to be ended. */
  failed?: "liveness" | "startup";
}

export interface ContainerProbesOptions {
  target: ProbeTarget;
  clock: Clock;
  startedAtMs: number;
  /** What a daemon before this one knew of the same run. */
  before: { started: boolean; ready: boolean } | undefined;
  changed(): void;
  unhealthy(message: string): void;
  warning(message: string): void;
}

type ProbeKind = "Startup" | "Liveness" | "Readiness";

export class ContainerProbes {
  readonly #options: ContainerProbesOptions;
  readonly #loops = new Map<ProbeKind, ProbeLoop>();
  readonly #state: ProbeState;

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
    const { startupProbe, readinessProbe } = options.target.container;
    const started = !startupProbe || options.before?.started === true;
    const ready = started && (!readinessProbe || options.before?.ready === true);
    this.#state = { started, ready };
    if (started) this.#begin();
    else this.#loop("Startup", startupProbe, healthy => this.#startup(healthy));
  }

  get state(): ProbeState {
    return this.#state;
  }

  /** The Pod is on its way out: whether it is ready still matters, whether it is alive does not. */
  endsSoon(): void {
    this.#stop("Startup");
    this.#stop("Liveness");
  }

  stop(): void {
    for (const kind of this.#loops.keys()) this.#stop(kind);
  }

  #begin(): void {
    const { livenessProbe, readinessProbe } = this.#options.target.container;
    this.#loop("Liveness", livenessProbe, healthy => healthy || this.#fail("liveness"));
    this.#loop("Readiness", readinessProbe, healthy => {
      if (this.#state.ready !== healthy) {
        this.#state.ready = healthy;
        this.#options.changed();
      }
      return true;
    });
  }

  #startup(healthy: boolean): boolean {
    if (!healthy) return this.#fail("startup");
    this.#state.started = true;
    this.#state.ready = !this.#options.target.container.readinessProbe;
    this.#begin();
    this.#options.changed();
    return false;
  }

  #fail(kind: "liveness" | "startup"): boolean {
    this.#state.failed = kind;
    this.#options.changed();
    return false;
  }

  #loop(kind: ProbeKind, probe: Probe | undefined, verdict: (healthy: boolean) => boolean): void {
    if (!probe) return;
    const { clock, startedAtMs, target, unhealthy, warning } = this.#options;
    const loop = new ProbeLoop({
      probe,
      clock,
      startedAtMs,
      attempt: () => runProbe(probe, target),
      verdict,
      told: ({ failed, warned, errored }) => {
        if (failed !== undefined) unhealthy(`${kind} probe failed: ${failed}`);
        if (warned !== undefined) warning(`${kind} probe warning: ${warned}`);
        if (errored !== undefined)
          unhealthy(`${kind} probe errored and resulted in unknown state: ${errored}`);
      },
    });
    this.#loops.set(kind, loop);
  }

  #stop(kind: ProbeKind): void {
    this.#loops.get(kind)?.stop();
    this.#loops.delete(kind);
  }
}

export function hasProbes({ startupProbe, livenessProbe, readinessProbe }: Container): boolean {
  return (startupProbe ?? livenessProbe ?? readinessProbe) !== undefined;
}
