/**
 * iperf3 in place of the own generator, for readers who trust only what they know: TCP streams and UDP. Its
 * round trips and connections a second do not exist, so those cases keep the own generator.
 */
import { spawnSync } from "node:child_process";
import type { Measurement, Metrics, Traffic } from "./cases.ts";
import type { Children } from "./children.ts";
import { PORT } from "./generator/contract.ts";
import { GENERATOR_READY_MS, GENERATOR_SLACK_MS } from "./limits.ts";
import { busySeconds, secondsPerGigabyte } from "./processor-time.ts";
import { type Probe, searchRate } from "./rate-search.ts";
import type { TrafficOptions } from "./traffic.ts";
import type { Variant } from "./variant.ts";

const BITS = 8;
/** iperf3 takes whole seconds only. */
const LEAST_SECONDS = 1;

/** Why iperf3 cannot be used; null when it can. */
export function iperf3Missing(): string | null {
  const { error, status } = spawnSync("iperf3", ["--version"], { stdio: "ignore" });
  if (error === undefined && status === 0) return null;
  return "iperf3 is not installed or does not run; install the package iperf3, or leave the option out";
}

export function isIperf3Traffic(traffic: Traffic): boolean {
  return traffic.kind === "tcp-stream" || traffic.kind === "udp";
}

/** The fields of `iperf3 --json` that count; what the receiver saw where there are both. */
interface Iperf3End {
  readonly sum_received?: { readonly bytes: number; readonly seconds: number };
  readonly sum?: { readonly packets: number; readonly lost_packets: number; readonly seconds: number };
}

export async function runIperf3(
  children: Children,
  { traffic, place, family }: Measurement,
  variant: Variant,
  { durationSeconds, idleShare }: TrafficOptions,
): Promise<Metrics> {
  const server = variant.servers[place];
  const address = server.addresses[family];
  const seconds = Math.max(LEAST_SECONDS, Math.round(durationSeconds));
  const run = async (runSeconds: number, args: readonly string[]): Promise<Iperf3End> => {
    const listening = ["iperf3", "--server", "--one-off", "--forceflush", "--port", String(PORT)];
    const serving = children.start({ namespacePid: server.pid, command: listening });
    try {
      await serving.printed("listening", GENERATOR_READY_MS);
      const common = ["--client", address, "--port", String(PORT), "--time", String(runSeconds), "--json"];
      const printed = await children.run(
        { namespacePid: variant.client.pid, command: ["iperf3", ...common, ...args] },
        runSeconds * 1000 + GENERATOR_SLACK_MS,
      );
      return parseIperf3(printed);
    } finally {
      serving.kill();
    }
  };
  if (traffic.kind === "tcp-stream") {
    const before = busySeconds();
    const end = await run(seconds, ["--parallel", String(traffic.streams)]);
    return streamMetrics(end, busySeconds() - before, idleShare);
  }
  if (traffic.kind === "udp") {
    const { payloadBytes } = traffic;
    return await searchRate(async packetsPerSecond => {
      const bits = String(Math.round(packetsPerSecond * payloadBytes * BITS));
      return probeOf(
        await run(LEAST_SECONDS, ["--udp", "--length", String(payloadBytes), "--bitrate", bits]),
      );
    });
  }
  throw new Error(`iperf3 has no test of the kind ${traffic.kind}`);
}

/** Throws with iperf3's own error; it exits with code 0 on some of them. */
export function parseIperf3(printed: string): Iperf3End {
  const { end, error } = JSON.parse(printed) as { end?: Iperf3End; error?: string };
  if (error !== undefined || end === undefined) throw new Error(`iperf3: ${error ?? "printed no result"}`);
  return end;
}

function streamMetrics(end: Iperf3End, busy: number, idleShare: number): Metrics {
  if (end.sum_received === undefined || end.sum_received.bytes === 0)
    throw new Error("iperf3: nothing received");
  const { bytes, seconds } = end.sum_received;
  return {
    gigabitsPerSecond: (bytes * BITS) / 1e9 / seconds,
    processorSecondsPerGigabyte: secondsPerGigabyte({ bytes, seconds, busySeconds: busy }, idleShare),
  };
}

export function probeOf({ sum }: Iperf3End): Probe {
  if (sum === undefined) throw new Error("iperf3: no summary of the datagrams");
  return { sent: sum.packets, delivered: sum.packets - sum.lost_packets, seconds: sum.seconds };
}
