/**
 * One run of traffic between two pods of a variant: the server starts in its pod and says that it listens,
 * the client starts in its own, and what they print becomes the metrics of the measurement.
 */
import { fileURLToPath } from "node:url";
import { whilePinned } from "./affinity.ts";
import type { Measurement, Metrics, Processors } from "./cases.ts";
import type { Child, Children } from "./children.ts";
import {
  type ConnectionResult,
  type DatagramResult,
  type GeneratorTask,
  READY,
  type RoundTripResult,
  type StreamResult,
} from "./generator/contract.ts";
import {
  GENERATOR_READY_MS,
  GENERATOR_SLACK_MS,
  MOST_WARM_UP_SECONDS,
  PINNED_PROCESSOR,
  SECOND_PROCESSOR,
} from "./limits.ts";
import { secondsPerGigabyte } from "./processor-time.ts";
import type { BenchPod, Variant } from "./variant.ts";

const GENERATOR = fileURLToPath(new URL("./generator/main.js", import.meta.url));

/** The steps of a rate search are many; each lasts this share of a measurement. */
const STEP_SHARE = 0.25;
const MOST_STEPS = 40;

export interface TrafficOptions {
  readonly durationSeconds: number;
  /** Seconds of processor time a second that the machine uses when nothing is sent. */
  readonly idleShare: number;
}

export async function runTraffic(
  children: Children,
  measurement: Measurement,
  variant: Variant,
  options: TrafficOptions,
): Promise<Metrics> {
  const run = () => exchange(children, measurement, variant, options);
  if (measurement.processors !== "one") return await run();
  return await whilePinned(children, variant.daemonPids, PINNED_PROCESSOR, run);
}

async function exchange(
  children: Children,
  { traffic, place, family, processors }: Measurement,
  variant: Variant,
  { durationSeconds: seconds, idleShare }: TrafficOptions,
): Promise<Metrics> {
  const server = variant.servers[place];
  const address = server.addresses[family];
  const warmUpSeconds = Math.min(MOST_WARM_UP_SECONDS, seconds / 4);
  const pair = new Pair(children, variant.client, server, processors, (seconds + warmUpSeconds) * 1000);
  const at = { address, family } as const;
  const to = { address: server.askedAt?.[family] ?? address, family } as const;
  try {
    switch (traffic.kind) {
      case "tcp-stream": {
        const { streams } = traffic;
        await pair.serve({ ...at, role: "stream-sink", streams, warmUpSeconds, seconds });
        await pair.ask({ ...to, role: "stream-source", streams, seconds: seconds + warmUpSeconds });
        return streamMetrics(await pair.served<StreamResult>(), idleShare);
      }
      case "tcp-round-trip": {
        await pair.serve({ ...at, role: "echo" });
        const { p50Microseconds, p99Microseconds } = await pair.ask<RoundTripResult>({
          ...to,
          role: "ping",
          seconds,
          warmUpSeconds,
        });
        return { roundTripP50Microseconds: p50Microseconds, roundTripP99Microseconds: p99Microseconds };
      }
      case "tcp-connections": {
        await pair.serve({ ...at, role: "acceptor" });
        const result = await pair.ask<ConnectionResult>({ ...to, role: "connector", seconds });
        return { connectionsPerSecond: result.connections / result.seconds };
      }
      case "udp": {
        await pair.serve({ ...at, role: "datagram-sink" });
        return await pair.ask<DatagramResult>({
          ...to,
          role: "datagram-source",
          payloadBytes: traffic.payloadBytes,
          seconds: seconds * STEP_SHARE,
        });
      }
    }
  } finally {
    pair.close();
  }
}

function streamMetrics(result: StreamResult, idleShare: number): Metrics {
  if (result.bytes === 0) throw new Error("the sink received nothing in its window");
  return {
    gigabitsPerSecond: (result.bytes * 8) / 1e9 / result.seconds,
    processorSecondsPerGigabyte: secondsPerGigabyte(result, idleShare),
  };
}

/** A server and a client of the generator, in their pods. */
class Pair {
  private readonly children: Children;
  private readonly clientPod: BenchPod;
  private readonly serverPod: BenchPod;
  private readonly processors: Processors;
  private readonly timeoutMs: number;
  private server: Child | null = null;

  constructor(
    children: Children,
    client: BenchPod,
    server: BenchPod,
    processors: Processors,
    durationMs: number,
  ) {
    this.children = children;
    this.clientPod = client;
    this.serverPod = server;
    this.processors = processors;
    this.timeoutMs = durationMs * Math.max(1, MOST_STEPS * STEP_SHARE) + GENERATOR_SLACK_MS;
  }

  async serve(task: GeneratorTask): Promise<void> {
    this.server = this.start(this.serverPod, task);
    await this.server.printed(READY, GENERATOR_READY_MS);
  }

  async ask<Result>(task: GeneratorTask): Promise<Result> {
    return lastLine(await this.start(this.clientPod, task).finish(this.timeoutMs)) as Result;
  }

  async served<Result>(): Promise<Result> {
    return lastLine(await this.server!.finish(this.timeoutMs)) as Result;
  }

  close(): void {
    this.server?.kill();
  }

  private start(pod: BenchPod, task: GeneratorTask): Child {
    const command = [process.execPath, GENERATOR, JSON.stringify(task)];
    const name = `traffic generator, ${task.role}`;
    return this.children.start({ ...this.placeOf(pod), name, namespacePid: pod.pid, command });
  }

  private placeOf(pod: BenchPod): { readonly processor?: number } {
    if (this.processors === "any") return {};
    const isSecond = this.processors === "two" && pod === this.serverPod;
    return { processor: isSecond ? SECOND_PROCESSOR : PINNED_PROCESSOR };
  }
}

function lastLine(output: string): unknown {
  const line = output.trim().split("\n").at(-1) ?? "";
  return JSON.parse(line);
}
