/** The report of `podwire bench lab` and `bench api`, as data and as a table: what things cost, against targets. */
import type { Machine } from "./machine.ts";
import { median, type Spread, significant, spread } from "./statistics.ts";
import { alignColumns, machineLine, quantity } from "./table.ts";

export interface Measure {
  readonly name: string;
  readonly unit: string;
  /** Median of the rounds. */
  readonly value: number;
  readonly spread: Spread | null;
  readonly rounds: readonly number[];
  /** What the value should stay under; null where nothing is asked. */
  readonly target: number | null;
}

/** Processes of one kind: the supervisor, the control plane, the node daemons, everything else. */
export interface ProcessGroup {
  readonly name: string;
  readonly processes: number;
  readonly residentMiB: number;
  /** Proportional: pages shared by several processes count in parts. Null where /proc does not tell. */
  readonly proportionalMiB: number | null;
}

export interface LabReport {
  readonly measures: readonly Measure[];
  /** Of the idle three-node lab; empty where none was measured. */
  readonly processes: readonly ProcessGroup[];
  readonly machine: Machine;
}

const DIGITS = 4;

export function measure(
  name: string,
  unit: string,
  rounds: readonly number[],
  target: number | null,
): Measure {
  return {
    name,
    unit,
    value: significant(median(rounds), DIGITS),
    spread: spread(rounds),
    rounds: rounds.map(round => significant(round, DIGITS)),
    target,
  };
}

export function labTable(report: LabReport): string {
  const measures = report.measures.map(one => [
    one.name,
    one.unit,
    quantity(one.value),
    one.rounds.length > 1 ? `${quantity(one.spread!.least)}–${quantity(one.spread!.greatest)}` : "",
    String(one.rounds.length),
    one.target === null ? "" : `< ${one.target}`,
    one.target !== null && one.value >= one.target ? "over target" : "",
  ]);
  const processes = report.processes.map(group => [
    group.name,
    String(group.processes),
    quantity(group.residentMiB),
    quantity(group.proportionalMiB),
    "",
  ]);
  const memory = [
    "Memory of the idle three-node lab:",
    ...alignColumns([["processes", "count", "resident MiB", "proportional MiB", ""], ...processes], 1),
    "",
  ];
  return `${[
    ...alignColumns([["measure", "unit", "median", "least–most", "rounds", "target", ""], ...measures], 1),
    "",
    ...(processes.length > 0 ? memory : []),
    `Machine: ${machineLine(report.machine)}.`,
  ].join("\n")}\n`;
}
