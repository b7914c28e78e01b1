/** `podwire version` */
import { readFileSync } from "node:fs";
import { checkoutPath } from "../checkout.ts";
import type { Terminal } from "../terminal/terminal.ts";

export function podwireVersion(): string {
  const manifest = readFileSync(checkoutPath("packages/cli/package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

export function runVersion(terminal: Terminal): void {
  terminal.stdout.write(`podwire ${podwireVersion()}\n`);
}
