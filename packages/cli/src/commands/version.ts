/** `podwire version` */
import { readFileSync } from "node:fs";
import type { Terminal } from "../terminal/terminal.ts";

/** This build's version, from its package. */
export function podwireVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

export function runVersion(terminal: Terminal): void {
  terminal.stdout.write(`podwire ${podwireVersion()}\n`);
}
