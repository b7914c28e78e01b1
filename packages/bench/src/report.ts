/**
 * The report of `podwire bench overlay`, as data: one row a case, medians first, everything that they were
 * made of after. `-o json` prints exactly this, so a field's name is an interface.
 */

import type { Machine } from "./machine.ts";
import { type Better, median, ratio, type Spread, significant, spread } from "./statistics.ts";

export interface CaseReport {
  readonly name: string;
  readonly unit: string;
  /** Median over the rounds; null when no round of this variant came to an end. */
  readonly podwire: number | null;
  readonly kernel: number | null;
  /** At least 1: as good as the kernel or better, whichever way the unit points. */
  readonly ratio: number | null;
  /** Of the ratios of one round each: a round's two variants ran next to each other. */
  readonly ratioSpread: Spread | null;
  readonly better: Better;
  /** The ratio that is asked for, where one is. */
  readonly target: number | null;
  readonly spread: { readonly podwire: Spread | null; readonly kernel: Spread | null };
  readonly rounds: { readonly podwire: readonly number[]; readonly kernel: readonly number[] };
  /** Share of the datagrams that did not arrive, median over the rounds; UDP cases only. */
  readonly loss?: { readonly podwire: number | null; readonly kernel: number | null };
  /** Why rounds are missing. */
  readonly failures: readonly string[];
}

export interface Report {
  readonly cases: readonly CaseReport[];
  readonly rounds: number;
  readonly durationSeconds: number;
  readonly generator: "podwire" | "iperf3";
  /** Why there is nothing to compare with; null when there is. */
  readonly kernelUnavailable: string | null;
  readonly machine: Machine;
  /** What the numbers mean where that is not obvious. */
  readonly notes: readonly string[];
}

/** What all rounds of one case came to. */
export interface CaseRounds {
  readonly name: string;
  readonly unit: string;
  readonly better: Better;
  readonly target: number | null;
  readonly podwire: readonly number[];
  readonly kernel: readonly number[];
  readonly podwireLoss: readonly number[];
  readonly kernelLoss: readonly number[];
  readonly failures: readonly string[];
}

const DIGITS = 4;

export function summarize(rounds: CaseRounds): CaseReport {
  const podwire = middle(rounds.podwire);
  const kernel = middle(rounds.kernel);
  const quotient = ratio(rounds.better, podwire, kernel);
  const isLossy = rounds.podwireLoss.length + rounds.kernelLoss.length > 0;
  return {
    name: rounds.name,
    unit: rounds.unit,
    podwire,
    kernel,
    ratio: quotient === null ? null : significant(quotient, DIGITS),
    ratioSpread: spread(ratiosByRound(rounds)),
    better: rounds.better,
    target: rounds.target,
    spread: { podwire: spread(rounds.podwire), kernel: spread(rounds.kernel) },
    rounds: { podwire: rounds.podwire, kernel: rounds.kernel },
    ...(isLossy ? { loss: { podwire: middle(rounds.podwireLoss), kernel: middle(rounds.kernelLoss) } } : {}),
    failures: rounds.failures,
  };
}

function ratiosByRound({ better, podwire, kernel }: CaseRounds): number[] {
  if (podwire.length !== kernel.length) return [];
  return podwire.flatMap((value, round) => {
    const quotient = ratio(better, value, kernel[round]!);
    return quotient === null ? [] : [significant(quotient, DIGITS)];
  });
}

function middle(values: readonly number[]): number | null {
  return values.length === 0 ? null : significant(median(values), DIGITS);
}

/** What a case has come to against its target; null where nothing was asked or nothing could be compared. */
export function isReached(report: CaseReport): boolean | null {
  if (report.target === null || report.ratio === null) return null;
  return report.ratio >= report.target;
}

export function reportJson(report: unknown): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
