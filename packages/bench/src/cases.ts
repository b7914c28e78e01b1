/**
 * What is measured, as a table. A measurement is one run of traffic between two pods; a case is one number
 * read off it. Both variants, Podwire and the kernel, run the same measurements in the same order.
 */
import type { Better } from "./statistics.ts";

export type Family = "ipv4" | "ipv6";
export type Place = "across-nodes" | "same-node";
export type Traffic =
  | { readonly kind: "tcp-stream"; readonly streams: number }
  | { readonly kind: "tcp-round-trip" }
  | { readonly kind: "tcp-connections" }
  | { readonly kind: "udp"; readonly payloadBytes: number };

/**
 * Where processes run. `any`: the scheduler places all of them, and often puts both peers on one processor, which
 * spares the kernel's overlay the waking of another. `one`: peers and daemons all on one. `two`: the client on one,
 * the server on another, the daemons anywhere.
 */
export type Processors = "any" | "one" | "two";

/** What one run of traffic yields; a case names the one that it reports. */
export interface Metrics {
  readonly gigabitsPerSecond?: number;
  readonly processorSecondsPerGigabyte?: number;
  readonly roundTripP50Microseconds?: number;
  readonly roundTripP99Microseconds?: number;
  readonly connectionsPerSecond?: number;
  readonly packetsPerSecond?: number;
  /** Share of the datagrams sent at that rate which did not arrive. */
  readonly loss?: number;
}

export interface Case {
  readonly name: string;
  readonly unit: string;
  readonly metric: keyof Metrics;
  readonly better: Better;
  readonly target: number | null;
}

export interface Measurement {
  readonly traffic: Traffic;
  readonly place: Place;
  readonly family: Family;
  readonly underlayMtu: number;
  readonly processors: Processors;
  readonly cases: readonly Case[];
}

/** The underlay of Ethernet, and the largest that a virtual one can have. */
export const UNDERLAY_MTUS = [1500, 65535] as const;

/** The ratios to reach, by the name of the case. */
const TARGETS = new Map<string, number>([
  ["tcp-1-stream/across-nodes/mtu-1500/ipv4", 0.45],
  ["tcp-1-stream/across-nodes/mtu-1500/ipv6", 0.45],
  ["tcp-1-stream/across-nodes/mtu-65535/ipv4", 0.4],
  ["tcp-1-stream/across-nodes/mtu-65535/ipv6", 0.4],
  ["tcp-1-stream/same-node/mtu-1500/ipv4", 0.6],
  ["tcp-1-stream/same-node/mtu-1500/ipv6", 0.6],
  ["tcp-1-stream/same-node/mtu-65535/ipv4", 0.6],
  ["tcp-1-stream/same-node/mtu-65535/ipv6", 0.6],
  ["tcp-round-trip-p50/across-nodes/any-core", 1],
  ["tcp-round-trip-p50/across-nodes/one-core", 0.25],
  ["udp-64B/across-nodes", 0.6],
]);

function named(name: string, unit: string, metric: keyof Metrics, better: Better): Case {
  return { name, unit, metric, better, target: TARGETS.get(name) ?? null };
}

/** Bulk TCP: every combination, and the cost of the plain one. */
function streams(): Measurement[] {
  const all: Measurement[] = [];
  for (const underlayMtu of UNDERLAY_MTUS) {
    for (const place of ["across-nodes", "same-node"] as const) {
      for (const family of ["ipv4", "ipv6"] as const) {
        for (const count of [1, 8]) {
          const where = `${place}/mtu-${underlayMtu}`;
          const plural = count === 1 ? "stream" : "streams";
          const cases = [
            named(`tcp-${count}-${plural}/${where}/${family}`, "Gbit/s", "gigabitsPerSecond", "higher"),
          ];
          if (count === 1 && family === "ipv4")
            cases.push(named(`cpu/${where}`, "CPU s/GB", "processorSecondsPerGigabyte", "lower"));
          const traffic = { kind: "tcp-stream", streams: count } as const;
          all.push({ traffic, place, family, underlayMtu, processors: "any", cases });
        }
      }
    }
  }
  return all;
}

/** What small packets cost, each alone, on an Ethernet-sized underlay. */
function small(): Measurement[] {
  const across = { place: "across-nodes", family: "ipv4", underlayMtu: 1500 } as const;
  const roundTrip = (processors: Processors): Measurement => {
    const where = `across-nodes/${processors}-${processors === "two" ? "cores" : "core"}`;
    return {
      ...across,
      traffic: { kind: "tcp-round-trip" },
      processors,
      cases: [
        named(`tcp-round-trip-p50/${where}`, "µs", "roundTripP50Microseconds", "lower"),
        named(`tcp-round-trip-p99/${where}`, "µs", "roundTripP99Microseconds", "lower"),
      ],
    };
  };
  const udp = (payloadBytes: number): Measurement => ({
    ...across,
    traffic: { kind: "udp", payloadBytes },
    processors: "any",
    cases: [named(`udp-${payloadBytes}B/across-nodes`, "packets/s", "packetsPerSecond", "higher")],
  });
  const connections: Measurement = {
    ...across,
    traffic: { kind: "tcp-connections" },
    processors: "any",
    cases: [named("tcp-connections/across-nodes", "1/s", "connectionsPerSecond", "higher")],
  };
  return [udp(64), udp(1400), roundTrip("any"), roundTrip("two"), roundTrip("one"), connections];
}

export const MEASUREMENTS: readonly Measurement[] = [...streams(), ...small()].sort(
  (a, b) => a.underlayMtu - b.underlayMtu,
);

/**
 * The measurements with at least one case whose name contains one of `names` (all of them without any), each
 * left with only those cases. Throws on a name that matches nothing, and lists what there is.
 */
export function selectMeasurements(names: readonly string[]): Measurement[] {
  for (const name of names) {
    if (allCaseNames().some(known => known.includes(name))) continue;
    throw new RangeError(
      `--case ${name}: no case has that in its name; there are ${allCaseNames().sort().join(", ")}`,
    );
  }
  if (names.length === 0) return [...MEASUREMENTS];
  return MEASUREMENTS.map(measurement => ({
    ...measurement,
    cases: measurement.cases.filter(one => names.some(name => one.name.includes(name))),
  })).filter(measurement => measurement.cases.length > 0);
}

export function allCaseNames(): string[] {
  return MEASUREMENTS.flatMap(measurement => measurement.cases.map(one => one.name));
}
