/** Option values as commander hands them over -> values; what cannot be one is a usage error (exit code 2). */
import { InvalidArgumentError } from "commander";
import { parseSeconds } from "./terminal/duration.ts";

/** An integer within bounds. */
export function integer(minimum: number, maximum: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`It must be an integer from ${minimum} to ${maximum}.`);
  };
}

/** Seconds. */
export function duration(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError("It must be a duration such as 30s, 5m or 1h30m.");
}

/** Seconds, at least one. */
export function waitTime(text: string): number {
  const seconds = duration(text);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError("It must be at least 1s.");
}

/** Collects an option that may be given several times. */
export function repeated(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** Splits at commas. */
export function commaList(text: string): string[] {
  return text.split(",").filter(part => part !== "");
}

/** `key=value`, several times, into a map. */
export function keyValue(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at <= 0) throw new InvalidArgumentError("It must be KEY=VALUE.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
