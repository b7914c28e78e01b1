/**
 * `podwire bench overlay`: for each underlay, a lab with Podwire's pods and, on two more hosts of the same
 * underlay, pods on the kernel's VXLAN device; then every measurement in rounds, both variants in turn, so that whatever else
 * the machine does meets both of them. Everything is taken down at the end, after a failure and on abort.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Measurement, type Metrics, selectMeasurements } from "./cases.ts";
import { Children } from "./children.ts";
import { iperf3Missing, isIperf3Traffic, runIperf3 } from "./iperf3.ts";
import { startKernelOverlay } from "./kernel-overlay.ts";
import {
  DEFAULT_DURATION_SECONDS,
  DEFAULT_ROUNDS,
  LEAST_DURATION_SECONDS,
  LEAST_ROUNDS,
  MOST_DURATION_SECONDS,
  MOST_ROUNDS,
} from "./limits.ts";
import { describeMachine } from "./machine.ts";
import { startPodwireOverlay } from "./podwire-overlay.ts";
import { busySeconds } from "./processor-time.ts";
import { type CaseReport, type CaseRounds, type Report, summarize } from "./report.ts";
import { runTraffic, type TrafficOptions } from "./traffic.ts";
import type { Variant } from "./variant.ts";

export interface BenchOverlayOptions {
  /** Only cases with one of these in their name; all without it. */
  readonly cases?: readonly string[];
  /** Of each measurement and variant, at least 3. */
  readonly rounds?: number;
  /** Of one measurement. */
  readonly durationSeconds?: number;
  /** Use iperf3 for TCP streams and UDP instead of Podwire's own generator. */
  readonly withIperf3?: boolean;
  /** Ends the run; it then rejects with the signal's reason after everything is taken down. */
  readonly signal?: AbortSignal;
  /** Hears a line for every step. */
  readonly onProgress?: (line: string) => void;
}

export type StartPodwire = typeof startPodwireOverlay;

const NOTES = [
  "CPU s/GB is the busy time of all processors in the window (/proc/stat: user, system, interrupts), generator included, less what the idle machine used.",
  "UDP is the highest delivered rate at which less than 1 % was lost; round trips are of 64 bytes.",
];

interface Settings {
  readonly measurements: readonly Measurement[];
  readonly rounds: number;
  readonly durationSeconds: number;
  readonly withIperf3: boolean;
  readonly signal: AbortSignal | undefined;
  readonly progress: (line: string) => void;
}

/**
 * Throws RangeError on options that make no sense, before anything is started. `startPodwire` makes what is
 * measured; tests have their own.
 */
export async function benchOverlay(
  options: BenchOverlayOptions = {},
  startPodwire: StartPodwire = startPodwireOverlay,
): Promise<Report> {
  const settings = checked(options);
  const machine = describeMachine();
  const cases: CaseReport[] = [];
  let kernelUnavailable: string | null = null;
  for (const underlayMtu of new Set(settings.measurements.map(each => each.underlayMtu))) {
    const result = await benchUnderlay(settings, underlayMtu, startPodwire);
    cases.push(...result.cases);
    kernelUnavailable ??= result.kernelUnavailable;
  }
  settings.signal?.throwIfAborted();
  return {
    cases,
    rounds: settings.rounds,
    durationSeconds: settings.durationSeconds,
    generator: settings.withIperf3 ? "iperf3" : "podwire",
    kernelUnavailable,
    machine,
    notes: NOTES,
  };
}

function checked(options: BenchOverlayOptions): Settings {
  const { rounds = DEFAULT_ROUNDS, durationSeconds = DEFAULT_DURATION_SECONDS, withIperf3 = false } = options;
  if (!Number.isInteger(rounds) || rounds < LEAST_ROUNDS || rounds > MOST_ROUNDS)
    throw new RangeError(`--rounds ${rounds}: must be a whole number from ${LEAST_ROUNDS} to ${MOST_ROUNDS}`);
  if (!(durationSeconds >= LEAST_DURATION_SECONDS && durationSeconds <= MOST_DURATION_SECONDS))
    throw new RangeError(
      `--duration ${durationSeconds}: must be from ${LEAST_DURATION_SECONDS} to ${MOST_DURATION_SECONDS} seconds`,
    );
  const missing = withIperf3 ? iperf3Missing() : null;
  if (missing !== null) throw new RangeError(`--with-iperf3: ${missing}`);
  return {
    measurements: selectMeasurements(options.cases ?? []),
    rounds,
    durationSeconds,
    withIperf3,
    signal: options.signal,
    progress: options.onProgress ?? (() => {}),
  };
}

interface UnderlayResult {
  readonly cases: readonly CaseReport[];
  readonly kernelUnavailable: string | null;
}

async function benchUnderlay(
  settings: Settings,
  underlayMtu: number,
  startPodwire: StartPodwire,
): Promise<UnderlayResult> {
  const { signal, progress, durationSeconds } = settings;
  progress(`underlay MTU ${underlayMtu}: starting a lab of two nodes`);
  const podwire = await startPodwire(underlayMtu, signal);
  const children = new Children(signal);
  try {
    const kernel = await startKernelOverlay(children, podwire.hosts, underlayMtu).catch(
      (error: Error) => error,
    );
    signal?.throwIfAborted();
    const variants = kernel instanceof Error ? [podwire.variant] : [podwire.variant, kernel];
    const idleShare = await measureIdleShare(durationSeconds, signal);
    const cases: CaseReport[] = [];
    for (const measurement of settings.measurements.filter(each => each.underlayMtu === underlayMtu)) {
      const traffic = { durationSeconds, idleShare };
      cases.push(...(await measureRounds(settings, children, measurement, variants, traffic)));
    }
    const unavailable = `the kernel's VXLAN device could not be set up: ${(kernel as Error).message}`;
    return { cases, kernelUnavailable: kernel instanceof Error ? unavailable : null };
  } finally {
    await children.close();
    progress(`underlay MTU ${underlayMtu}: taking the lab down`);
    await podwire.down();
  }
}

/** Seconds of processor time a second with both overlays up and no traffic. */
async function measureIdleShare(durationSeconds: number, signal: AbortSignal | undefined): Promise<number> {
  const before = busySeconds();
  const start = performance.now();
  await delay(durationSeconds * 1000, undefined, signal === undefined ? {} : { signal });
  return (busySeconds() - before) / ((performance.now() - start) / 1000);
}

/** Which variant goes first changes from round to round. */
async function measureRounds(
  settings: Settings,
  children: Children,
  measurement: Measurement,
  variants: readonly Variant[],
  traffic: TrafficOptions,
): Promise<CaseReport[]> {
  const results = { podwire: [] as Metrics[], kernel: [] as Metrics[] };
  const failures: string[] = [];
  const run = settings.withIperf3 && isIperf3Traffic(measurement.traffic) ? runIperf3 : runTraffic;
  for (let round = 1; round <= settings.rounds; round += 1) {
    const order = round % 2 === 1 ? variants : [...variants].reverse();
    for (const variant of order) {
      try {
        results[variant.name].push(await run(children, measurement, variant, traffic));
      } catch (error) {
        settings.signal?.throwIfAborted();
        failures.push(`${variant.name}, round ${round}: ${(error as Error).message}`);
      }
    }
    const name = measurement.cases[0]!.name;
    settings.progress(`${name}: round ${round} of ${settings.rounds}${latest(measurement, results)}`);
  }
  return measurement.cases.map(one => summarize(roundsOf(one, results, failures)));
}

type Results = Readonly<Record<Variant["name"], readonly Metrics[]>>;

function latest(measurement: Measurement, results: Results): string {
  const { metric, unit } = measurement.cases[0]!;
  const value = (name: Variant["name"]) => results[name].at(-1)?.[metric]?.toPrecision(3) ?? "–";
  return `: podwire ${value("podwire")}, kernel ${value("kernel")} ${unit}`;
}

function roundsOf(
  one: Measurement["cases"][number],
  results: Results,
  failures: readonly string[],
): CaseRounds {
  const values = (name: Variant["name"], metric: keyof Metrics) =>
    results[name].flatMap(metrics => metrics[metric] ?? []);
  const isUdp = one.metric === "packetsPerSecond";
  return {
    name: one.name,
    unit: one.unit,
    better: one.better,
    target: one.target,
    podwire: values("podwire", one.metric),
    kernel: values("kernel", one.metric),
    podwireLoss: isUdp ? values("podwire", "loss") : [],
    kernelLoss: isUdp ? values("kernel", "loss") : [],
    failures,
  };
}
