/** `podwire version` */
import { readFileSync } from "node:fs";
import type { Terminal } from "../terminal/terminal.ts";

export function podwireVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

export function runVersion(terminal: Terminal): void {
  terminal.stdout.write(`podwire ${podwireVersion()}\n`);
}
