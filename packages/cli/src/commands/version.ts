/** `podwire version` */
import { readFileSync } from "node:fs";
import type { Terminal } from "../terminal/terminal.ts";

export function runVersion(terminal: Terminal): void {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  terminal.stdout.write(`podwire ${manifest.version}\n`);
}
