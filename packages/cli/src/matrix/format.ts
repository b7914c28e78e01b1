/**
 * The matrix for people: a table a protocol and family, senders down, receivers across. A cell is the round trip
 * in milliseconds; SEEN AS is the sender's address as the receivers saw it, with a tick when that is its own. Where so
 * many columns fit no screen, a sender's row has its count, median and longest round trip instead, and the paths that
 * do not work are listed.
 */

import { formatTable } from "../terminal/table.ts";
import type { Paint } from "../terminal/terminal.ts";
import { FAMILIES, isGood, type Matrix, type MatrixPath, PROTOCOLS, summarize } from "./model.ts";

/** Receivers that fit across a screen. */
const MAX_COLUMNS = 12;
/** Paths that do not work, in one list; the rest is counted. */
const MAX_LISTED = 20;

export function formatMatrix(matrix: Matrix, paint: Paint): string {
  const formatOne = matrix.measured > MAX_COLUMNS ? formatCounts : formatCells;
  const tables = PROTOCOLS.flatMap(protocol =>
    FAMILIES.map(family => {
      const some = matrix.paths.filter(path => path.protocol === protocol && path.family === family);
      return some.length === 0 ? undefined : `${heading(protocol, family, paint)}\n${formatOne(some, paint)}`;
    }),
  );
  const left = matrix.unmeasured.map(({ pod, node, reason }) =>
    paint("red", `not measured: pod ${pod} on ${node}: ${reason}`),
  );
  return [
    ...tables.filter(table => table !== undefined),
    ...(left.length > 0 ? [left.join("\n")] : []),
    formatSummary(matrix, paint),
  ].join("\n\n");
}

function heading(protocol: string, family: string, paint: Paint): string {
  return paint("bold", `${protocol} over ${family}, round trip in ms`);
}

function bySender(paths: readonly MatrixPath[]): Map<string, MatrixPath[]> {
  const senders = new Map<string, MatrixPath[]>();
  for (const path of paths) senders.set(path.from, [...(senders.get(path.from) ?? []), path]);
  return senders;
}

function formatCells(paths: readonly MatrixPath[], paint: Paint): string {
  const senders = bySender(paths);
  const receivers = [...new Set([...senders.keys(), ...paths.map(path => path.to)])];
  const rows = [...senders].map(([from, own]) => {
    const cells = receivers.map(to =>
      cellOf(
        own.find(path => path.to === to),
        paint,
      ),
    );
    return [from, own[0]!.fromNode, seenAs(own, paint), ...cells];
  });
  return formatTable(["FROM", "NODE", "SEEN AS", ...receivers], rows);
}

function cellOf(path: MatrixPath | undefined, paint: Paint): string {
  if (!path) return paint("dim", "-");
  const { roundTripMs, verdict } = path;
  if (roundTripMs === undefined) return paint("red", `✗ ${path.error ?? "no answer"}`);
  const time = roundTripMs.toFixed(2);
  return verdict === "works" ? time : paint("red", `${time} as ${path.sourceSeen ?? "unknown"}`);
}

function formatCounts(paths: readonly MatrixPath[], paint: Paint): string {
  const rows = [...bySender(paths)].map(([from, own]) => {
    const times = own.flatMap(path => path.roundTripMs ?? []).sort((a, b) => a - b);
    const works = own.filter(path => path.verdict === "works").length;
    const reached = paint(works === own.length ? "green" : "red", `${works} of ${own.length}`);
    const time = (at: number) => times[at]?.toFixed(2) ?? "-";
    const median = time(Math.floor(times.length / 2));
    return [from, own[0]!.fromNode, seenAs(own, paint), reached, median, time(times.length - 1)];
  });
  const table = formatTable(["FROM", "NODE", "SEEN AS", "REACHES", "MEDIAN", "LONGEST"], rows);
  const broken = paths.filter(path => path.verdict !== "works");
  const listed = broken
    .slice(0, MAX_LISTED)
    .map(path => `${path.from} -> ${path.to}: ${cellOf(path, paint)}`);
  if (broken.length > listed.length) listed.push(`and ${broken.length - listed.length} more`);
  return [table, ...listed].join("\n");
}

function seenAs(paths: readonly MatrixPath[], paint: Paint): string {
  const own = new Set(paths.filter(path => path.verdict === "works").map(path => path.sourceSeen!));
  const foreign = new Set(
    paths.filter(path => path.verdict === "nat").map(path => path.sourceSeen ?? "unknown"),
  );
  const ticks = [...own].map(address => `${address} ${paint("green", "✓")}`);
  const crosses = [...foreign].map(address => paint("red", `${address} ✗`));
  return [...ticks, ...crosses].join(" ") || paint("red", "nobody");
}

/** Such as `48 of 48 paths work, no NAT`. */
export function formatSummary(matrix: Matrix, paint: Paint): string {
  const summary = summarize(matrix);
  const answered = summary.works + summary.nat;
  const nat = summary.nat === 0 ? "no NAT" : `NAT on ${summary.nat}`;
  const verdict = `${answered} of ${summary.paths} paths work, ${nat}`;
  const left = summary.unmeasured === 0 ? "" : `; pods not measured: ${summary.unmeasured}`;
  const tried = matrix.measured + summary.unmeasured;
  const sample = matrix.running > tried ? ` (a sample: ${tried} of ${matrix.running} pods)` : "";
  return `${paint(isGood(summary) ? "green" : "red", `${verdict}${left}`)}${sample}`;
}
