/**
 * A report for people: columns of aligned text, with no colour and no box, so that it reads the same on a
 * terminal, in a log and in a commit message.
 */
import { type CaseReport, isReached, type Report } from "./report.ts";
import type { Spread } from "./statistics.ts";

const HEADINGS = ["case", "unit", "podwire", "least–most", "kernel", "least–most", "ratio", "target", ""];

export function overlayTable(report: Report): string {
  const rows = report.cases.map(row);
  const lines = [
    `Podwire and the kernel's VXLAN device, alternating: medians of ${report.rounds} rounds of ${report.durationSeconds} s.`,
    "A ratio of 1 is as good as the kernel; more is better, for latency and cost too.",
    "",
    ...alignColumns([HEADINGS, ...rows], 1),
    "",
  ];
  if (report.kernelUnavailable !== null) lines.push(`No ratios: ${report.kernelUnavailable}`);
  for (const one of report.cases) for (const failure of one.failures) lines.push(`${one.name}: ${failure}`);
  lines.push(...report.notes, `Machine: ${machineLine(report.machine)}.`);
  return `${lines.join("\n")}\n`;
}

export function machineLine(machine: Report["machine"]): string {
  const { processors, processor, memoryGiB, kernel, node, loadAtStart } = machine;
  return `${processors} × ${processor}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, load at start ${loadAtStart}`;
}

function row(one: CaseReport): string[] {
  return [
    one.name,
    one.unit,
    quantity(one.podwire),
    range(one.spread.podwire),
    quantity(one.kernel),
    range(one.spread.kernel),
    one.ratio === null ? "–" : one.ratio.toFixed(2),
    one.target === null ? "" : `≥ ${one.target.toFixed(2)}`,
    remark(one),
  ];
}

function remark(one: CaseReport): string {
  const parts: string[] = [];
  if (isReached(one) === false) parts.push("below target");
  if (one.loss !== undefined) parts.push(`loss ${percent(one.loss.podwire)} / ${percent(one.loss.kernel)}`);
  if (one.failures.length > 0) parts.push(`${one.failures.length} rounds failed`);
  return parts.join(", ");
}

function percent(share: number | null): string {
  return share === null ? "–" : `${(share * 100).toFixed(2)} %`;
}

/** Three or four digits, whole above a thousand: what fits a column and is still told apart. */
export function quantity(value: number | null): string {
  if (value === null) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toString();
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function range(between: Spread | null): string {
  return between === null ? "–" : `${quantity(between.least)}–${quantity(between.greatest)}`;
}

/** Rows of equal length as lines; the first `leftColumns` and the last one stand left, numbers right. */
export function alignColumns(rows: readonly (readonly string[])[], leftColumns: number): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map(cells => cells[at]!.length)),
  );
  return rows.map(cells =>
    cells
      .map((cell, at) => {
        const isLeft = at < leftColumns || at === columns - 1;
        return isLeft ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!);
      })
      .join("  ")
      .trimEnd(),
  );
}
