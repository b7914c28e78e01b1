/** Requests about one object: how long a client waits for each, alone and at a steady rate. */
import { setTimeout as delay } from "node:timers/promises";
import { type ConfigMap, kinds } from "@podwire/api";
import type { ApiClient } from "@podwire/client";

const NAMESPACE = "default";
const DATA = { "app.conf": "x".repeat(1_000) };

export interface Latencies {
  readonly createMs: number[];
  readonly updateMs: number[];
  readonly getMs: number[];
}

async function timed<T>(into: number[], work: Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work;
  into.push(performance.now() - start);
  return result;
}

/** One after the other: what a durable write costs when nothing else is asked. */
export async function measureCreates(client: ApiClient, count: number, prefix: string): Promise<number[]> {
  const createMs: number[] = [];
  for (let at = 0; at < count; at++) {
    const metadata = { namespace: NAMESPACE, name: `${prefix}-${at}` };
    await timed(createMs, client.create(kinds.configMaps, { metadata, data: DATA }));
  }
  return createMs;
}

/** A create, an update and a get in turn, begun at so many a second whether or not the ones before have ended. */
export async function measureAtRate(
  client: ApiClient,
  perSecond: number,
  seconds: number,
): Promise<Latencies> {
  const latencies: Latencies = { createMs: [], updateMs: [], getMs: [] };
  const created: ConfigMap[] = [];
  const under: Promise<void>[] = [];
  const start = performance.now();
  for (let at = 0; at < perSecond * seconds; at++) {
    await delay(Math.max(0, start + (at * 1_000) / perSecond - performance.now()));
    under.push(request(client, latencies, created, at));
  }
  await Promise.all(under);
  return latencies;
}

async function request(
  client: ApiClient,
  { createMs, updateMs, getMs }: Latencies,
  created: ConfigMap[],
  at: number,
): Promise<void> {
  const turn = created.length === 0 ? 0 : at % 3;
  const metadata = { namespace: NAMESPACE, name: `rate-${at}` };
  if (turn === 0) {
    created.push(await timed(createMs, client.create(kinds.configMaps, { metadata, data: DATA })));
  } else if (turn === 1) {
    const object = created.pop()!;
    await timed(updateMs, client.update(kinds.configMaps, { ...object, data: { ...DATA, at: String(at) } }));
  } else {
    await timed(getMs, client.get(kinds.configMaps, created.at(-1)!.metadata));
  }
}
