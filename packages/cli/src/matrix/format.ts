/**
 * The matrix for people: a table a protocol and family, senders down, receivers across. A cell is the round trip
 * in milliseconds; SEEN AS is the sender's address as the receivers saw it, with a tick when that is its own.
 */

import { formatTable } from "../terminal/table.ts";
import type { Paint } from "../terminal/terminal.ts";
import { FAMILIES, type MatrixPath, PROTOCOLS, summarize } from "./model.ts";

export function formatMatrix(paths: readonly MatrixPath[], paint: Paint): string {
  const tables = PROTOCOLS.flatMap(protocol =>
    FAMILIES.map(family => {
      const some = paths.filter(path => path.protocol === protocol && path.family === family);
      return some.length === 0 ? undefined : `${heading(protocol, family, paint)}\n${formatOne(some, paint)}`;
    }),
  );
  return [...tables.filter(table => table !== undefined), formatSummary(paths, paint)].join("\n\n");
}

function heading(protocol: string, family: string, paint: Paint): string {
  return paint("bold", `${protocol} over ${family}, round trip in ms`);
}

function formatOne(paths: readonly MatrixPath[], paint: Paint): string {
  const senders = [...new Set(paths.map(path => path.from))];
  const receivers = [...new Set([...senders, ...paths.map(path => path.to)])];
  const rows = senders.map(from => {
    const own = paths.filter(path => path.from === from);
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
export function formatSummary(paths: readonly MatrixPath[], paint: Paint): string {
  const summary = summarize(paths);
  const answered = summary.works + summary.nat;
  const nat = summary.nat === 0 ? "no NAT" : `NAT on ${summary.nat}`;
  const good = summary.works === summary.paths;
  return paint(good ? "green" : "red", `${answered} of ${summary.paths} paths work, ${nat}`);
}
