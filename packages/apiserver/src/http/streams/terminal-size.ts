/** What a client says of its terminal: JSON objects, one after another. */
import type { FrameToContainer } from "../../node-streams.ts";

const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

/** Undefined for what is no size. Upstream takes names in any case, and client-node writes them in lower case. */
export function resizeOf(text: string): FrameToContainer | undefined {
  try {
    const fields = Object.entries(JSON.parse(text)).map(([name, value]) => [name.toLowerCase(), value]);
    const { width: columns, height: rows } = Object.fromEntries(fields);
    return isSize(columns) && isSize(rows) ? { resize: { columns, rows } } : undefined;
  } catch {
    return undefined;
  }
}
