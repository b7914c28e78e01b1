/** Durations for people and from people: `850 ms`, `2.31 s`; `90s`, `5m`, `1h30m`. */

export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

const SECONDS = { s: 1, m: 60, h: 3600 } as const;

/** Seconds of `90s`, `5m`, `1h30m` or a plain number of seconds; undefined when it is none of these. */
export function parseSeconds(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  if (!/^(\d+[smh])+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+)([smh])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * SECONDS[unit as keyof typeof SECONDS],
    0,
  );
}
