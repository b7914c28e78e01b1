/** What a client says of its terminal: JSON objects, one after another. */
import type { FrameToContainer } from "../../node-streams.ts";

const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

/** Undefined for what is no size. */
export function resizeOf(text: string): FrameToContainer | undefined {
  try {
    const { Width: columns, Height: rows } = JSON.parse(text);
    return isSize(columns) && isSize(rows) ? { resize: { columns, rows } } : undefined;
  } catch {
    return undefined;
  }
}
