/** `podwire apply -f`: creates or changes the objects of manifests; a line each, and the failed ones at the end. */
import { EXIT, ExitWith, endingOf } from "../errors.ts";
import { clientOf, type LabSelection } from "../lab/select.ts";
import { applyManifests, kindOfManifest } from "../manifests/apply.ts";
import { readManifests } from "../manifests/read.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface ApplyOptions extends LabSelection {
  readonly namespace: string;
  readonly file: readonly string[];
}

export async function runApply(options: ApplyOptions, terminal: Terminal): Promise<void> {
  const manifests = await readManifests(options.file);
  // Nothing is applied of files that name an unknown kind.
  for (const manifest of manifests) kindOfManifest(manifest);
  const client = await clientOf(options);
  let failed = false;
  try {
    for await (const { what, outcome, error } of applyManifests(client, manifests, options.namespace)) {
      if (!error) {
        terminal.stdout.write(`${what} ${outcome}\n`);
        continue;
      }
      failed = true;
      terminal.stderr.write(`${terminal.paintError("red", "error:")} ${what}: ${endingOf(error).message}\n`);
    }
  } finally {
    client.close();
  }
  if (failed) throw new ExitWith(EXIT.failed);
}
