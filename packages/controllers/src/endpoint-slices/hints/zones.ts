/** What part of the cluster's CPU each zone has, by which topology hints are shared out (KEP-2433). */
import { type Node, quantityNanos } from "@podwire/api";
import { ZONE } from "../../service-endpoints/names.ts";

/** Of all zones together 1. */
export type ZoneRatios = ReadonlyMap<string, number>;

const CONTROL_PLANE = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];
const NANOS_A_MILLI = 1_000_000n;

/** Undefined: a Node does not say its zone or CPU, or there are fewer than two zones. Only Nodes that are Ready count. */
export function zoneRatios(nodes: readonly Node[]): ZoneRatios | undefined {
  const milliByZone = new Map<string, number>();
  let total = 0;
  for (const {
    metadata: { labels = {} },
    status,
  } of nodes) {
    const isReady = status.conditions?.find(({ type }) => type === "Ready")?.status === "True";
    if (!isReady || CONTROL_PLANE.some(label => label in labels)) continue;
    const zone = labels[ZONE];
    const milli = milliOf(status.allocatable?.cpu ?? "");
    if (!zone || milli === 0) return undefined;
    milliByZone.set(zone, (milliByZone.get(zone) ?? 0) + milli);
    total += milli;
  }
  if (milliByZone.size < 2) return undefined;
  return new Map([...milliByZone].map(([zone, milli]) => [zone, milli / total]));
}

function milliOf(quantity: string): number {
  const nanos = quantityNanos(quantity) ?? 0n;
  return Number((nanos + NANOS_A_MILLI - 1n) / NANOS_A_MILLI);
}
