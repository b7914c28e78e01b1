/**
 * The kubectl that this package's tests run: the one in PATH, or else the first that PODWIRE_KUBECTLS names. Journeys
 * run all of them (test/journeys/kubectls.ts).
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

function find(): string | undefined {
  const inPath = (process.env.PATH ?? "").split(delimiter).map(folder => join(folder, "kubectl"));
  const named = (process.env.PODWIRE_KUBECTLS ?? "").split(":").filter(path => path !== "");
  return [...inPath, ...named].find(path => existsSync(path));
}

const found = find();

/** To be run only after `needsKubectl`. */
export const KUBECTL = found ?? "kubectl";

/** Skips the tests of a `before` hook where there is none. */
export function needsKubectl(this: Mocha.Context): void {
  if (found === undefined) this.skip();
}
