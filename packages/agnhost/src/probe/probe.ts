/**
 * `agnhost probe`: reads targets from stdin, a line of JSON each, asks each of them over TCP or UDP, and prints
 * a line of JSON each: reached or not, the round-trip time, and the source address that the other side saw.
 * Several at once, but never so many that they measure each other's waiting.
 */
import { createInterface } from "node:readline";
import { parseFlags } from "../flags.ts";
import { LIMITS } from "../limits.ts";
import { type Exchange, openTcp, openUdp } from "./exchange.ts";
import type { ProbeResult, ProbeTarget } from "./protocol.ts";

const MEASURED_EXCHANGES = 3;

export async function main(argv: readonly string[]): Promise<void> {
  const { flags } = parseFlags(argv, { timeout: "duration", concurrency: "int" });
  const timeoutMs = flags.timeout ?? LIMITS.probeTimeoutMs;
  const places = Math.max(1, flags.concurrency ?? LIMITS.probeConcurrency);
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  // Each place takes the next line when it is done with its last: no more than `places` are under way.
  const work = async (): Promise<void> => {
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      if (next.value.trim() !== "") print(await answer(next.value, timeoutMs));
    }
  };
  await Promise.all(Array.from({ length: places }, work));
}

function print(result: ProbeResult): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function answer(line: string, timeoutMs: number): Promise<ProbeResult> {
  let target: ProbeTarget;
  try {
    target = JSON.parse(line) as ProbeTarget;
  } catch {
    return { id: line.slice(0, 80), ok: false, error: "OTHER: this line is not JSON" };
  }
  return probe(target, timeoutMs);
}

/** Asks one target. Never rejects. */
export async function probe(target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  const { id, host, port, protocol } = target;
  const deadline = AbortSignal.timeout(timeoutMs);
  let exchange: Exchange | undefined;
  try {
    exchange = await (protocol === "udp" ? openUdp : openTcp)(host, port, deadline);
    let sourceSeen = await exchange.ask(deadline);
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < MEASURED_EXCHANGES; round++) {
      const before = process.hrtime.bigint();
      sourceSeen = await exchange.ask(deadline);
      best = Math.min(best, Number(process.hrtime.bigint() - before) / 1000);
    }
    return { id, ok: true, rttMicroseconds: Math.round(best), sourceSeen };
  } catch (cause) {
    return { id, ok: false, error: failure(cause as NodeJS.ErrnoException) };
  } finally {
    exchange?.close();
  }
}

function failure(cause: NodeJS.ErrnoException): string {
  if (cause.name === "TimeoutError" || cause.name === "AbortError" || cause.code === "ETIMEDOUT")
    return "TIMEOUT";
  if (cause.code === "ECONNREFUSED") return "REFUSED";
  return `OTHER: ${cause.message}`;
}
