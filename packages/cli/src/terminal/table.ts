/** Plain tables as kubectl prints them: columns three spaces apart, left-aligned, no rules. */

export type Row = readonly string[];

/** Lines without trailing spaces, the last without a newline. */
export function formatTable(header: Row | undefined, rows: readonly Row[]): string {
  const all = header ? [header, ...rows] : rows;
  const widths = columnWidths(all);
  return all.map(row => formatRow(row, widths)).join("\n");
}

export function columnWidths(rows: readonly Row[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, visibleWidth(cell));
    });
  }
  return widths;
}

export function formatRow(row: Row, widths: readonly number[]): string {
  return row
    .map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - visibleWidth(cell))))
    .join("   ")
    .trimEnd();
}

/** Colour codes take no room. */
export function visibleWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a colour code
  return [...text.replace(/\x1b\[[0-9;]*m/g, "")].length;
}
