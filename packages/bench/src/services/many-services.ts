/**
 * What 10,000 Services cost a node: the memory of a node's daemon before and after they are made, and its processor time
 * while endpoints change, less what it uses anyway.
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Lab } from "@podwire/lab";
import { memoryOf } from "../process-memory.ts";
import { processSeconds } from "../processor-time.ts";
import { changeEndpoints, createServices, idleService } from "./bench-service.ts";

const NETWORK = "10.100";
const SETTLE_MS = 5_000;
const CHANGES_PER_SECOND = 25;

export async function loadServices(
  lab: Lab,
  node: string,
  count: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const before = residentMiB(lab, node);
  const services = Array.from({ length: count }, (_, index) => idleService(index, NETWORK));
  await createServices(lab.client, services, signal);
  // The last change is under way, and V8 collects what the others left.
  await delay(SETTLE_MS, undefined, signal ? { signal } : {});
  return residentMiB(lab, node) - before;
}

/** Milliseconds of processor time that one endpoint's change costs the daemon of a node. */
export async function changeCost(
  lab: Lab,
  node: string,
  services: number,
  changes: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const pid = lab.pidOf(node)!;
  const seconds = () => processSeconds(readFileSync(`/proc/${pid}/stat`, "latin1"));
  const windowMs = (changes / CHANGES_PER_SECOND) * 1000;
  const idleFrom = seconds();
  await delay(windowMs, undefined, signal ? { signal } : {});
  const idle = seconds() - idleFrom;
  const from = seconds();
  const start = performance.now();
  for (let change = 0; change < changes; change++) {
    const service = idleService((change * 37) % services, NETWORK);
    const endpoints = [`10.231.${change >> 8}.${change & 255}`, ...service.endpoints.slice(1)];
    await changeEndpoints(lab.client, { ...service, endpoints });
    await delay(Math.max(0, start + ((change + 1) * 1000) / CHANGES_PER_SECOND - performance.now()));
  }
  const used = seconds() - from;
  const wholeMs = performance.now() - start;
  return ((used - idle * (wholeMs / windowMs)) * 1000) / changes;
}

function residentMiB(lab: Lab, node: string): number {
  return (memoryOf(lab.pidOf(node)!)?.residentKiB ?? 0) / 1024;
}
