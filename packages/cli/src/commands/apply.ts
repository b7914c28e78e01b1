/** `podwire apply -f`: creates or changes the objects of manifests; a line each, and the failed ones at the end. */
import { EXIT, ExitWith, sayError } from "../errors.ts";
import { clientOf, type LabSelection } from "../lab/select.ts";
import { applyManifests } from "../manifests/apply.ts";
import { checkManifest } from "../manifests/check.ts";
import { readManifests } from "../manifests/read.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface ApplyOptions extends LabSelection {
  readonly namespace: string;
  readonly file: readonly string[];
}

export async function runApply(options: ApplyOptions, terminal: Terminal): Promise<void> {
  const manifests = await readManifests(options.file);
  // Nothing is applied of files in which something is wrong.
  for (const manifest of manifests) checkManifest(manifest);
  const client = await clientOf(options);
  let failed = false;
  try {
    for await (const { what, outcome, error } of applyManifests(client, manifests, options.namespace)) {
      if (!error) {
        terminal.stdout.write(`${what} ${outcome}\n`);
        continue;
      }
      failed = true;
      sayError(terminal, error, what);
    }
  } finally {
    client.close();
  }
  if (failed) throw new ExitWith(EXIT.failed);
}
