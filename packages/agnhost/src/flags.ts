/**
 * Command line flags as cobra/pflag reads them: `--name=value`, `--name value`, `--switch`, `--switch=false`.
 * The logging flags that upstream's binary takes everywhere are accepted and mean nothing.
 */
import { parseDuration } from "./go.ts";

export type FlagTypes = Record<string, "string" | "int" | "bool" | "duration">;

type Value<T> = T extends "string" ? string : T extends "bool" ? boolean : number;

export interface Parsed<T extends FlagTypes> {
  /** Durations in milliseconds. */
  flags: { [K in keyof T]?: Value<T[K]> };
  args: string[];
}

export class UsageError extends Error {}

const LOGGING_SWITCHES = new Set([
  "logtostderr",
  "alsologtostderr",
  "add_dir_header",
  "skip_headers",
  "skip_log_headers",
  "one_output",
]);
const LOGGING_VALUES = new Set([
  "v",
  "vmodule",
  "log_dir",
  "log_file",
  "log_file_max_size",
  "log_backtrace_at",
  "stderrthreshold",
]);

export function parseFlags<const T extends FlagTypes>(argv: readonly string[], types: T): Parsed<T> {
  const flags: Record<string, string | number | boolean> = {};
  const args: string[] = [];
  const rest = [...argv];
  while (rest.length > 0) {
    const word = rest.shift()!;
    if (word === "--") return { flags: flags as Parsed<T>["flags"], args: [...args, ...rest] };
    const match = /^(?:--([^=]+)|-(v))(?:=(.*))?$/s.exec(word);
    if (!match) {
      args.push(word);
      continue;
    }
    const name = (match[1] ?? match[2])!;
    const type = Object.hasOwn(types, name) ? types[name] : loggingType(name);
    if (!type) throw new UsageError(`unknown flag: --${name}`);
    let text = match[3];
    if (text === undefined && type !== "bool") text = rest.shift();
    if (text === undefined && type !== "bool") throw new UsageError(`flag needs an argument: --${name}`);
    const value = convert(type, text ?? "true");
    if (value === undefined)
      throw new UsageError(`invalid argument "${text}" for "--${name}" flag: want a ${type}`);
    if (Object.hasOwn(types, name)) flags[name] = value;
  }
  return { flags: flags as Parsed<T>["flags"], args };
}

function loggingType(name: string): "bool" | "string" | undefined {
  if (LOGGING_SWITCHES.has(name)) return "bool";
  return LOGGING_VALUES.has(name) ? "string" : undefined;
}

function convert(type: FlagTypes[string], text: string): string | number | boolean | undefined {
  switch (type) {
    case "string":
      return text;
    case "int":
      return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
    case "duration":
      return parseDuration(text);
    case "bool":
      if (/^(1|t|true)$/i.test(text)) return true;
      return /^(0|f|false)$/i.test(text) ? false : undefined;
  }
}
