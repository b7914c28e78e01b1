/** `podwire up --demo`: applies examples/demo.yaml, waits until its pods are Ready and prints their matrix. */
import { fileURLToPath } from "node:url";
import { podsReady } from "@podwire/lab";
import { applyManifests } from "../manifests/apply.ts";
import { readManifests } from "../manifests/read.ts";
import { formatMatrix } from "../matrix/format.ts";
import { measureMatrix } from "../matrix/measure.ts";
import { formatMilliseconds } from "../terminal/duration.ts";
import { Progress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { clientOf } from "./select.ts";

const DEMO = fileURLToPath(new URL("../../../../examples/demo.yaml", import.meta.url));

export async function runDemo(name: string, terminal: Terminal): Promise<void> {
  const client = await clientOf({ name });
  const progress = new Progress(terminal);
  try {
    const begun = performance.now();
    progress.step("starting the pods of examples/demo.yaml");
    const manifests = await readManifests([DEMO]);
    for await (const applied of applyManifests(client, manifests, "default")) {
      if (applied.error) throw applied.error;
    }
    const names = manifests.map(({ object }) => object.metadata.name);
    await podsReady(client, names);
    progress.end(`${names.length} pods are Ready in ${formatMilliseconds(performance.now() - begun)}`);
    const paths = await measureMatrix(client, {}, step => progress.step(step));
    progress.end();
    terminal.stdout.write(`\n${formatMatrix(paths, terminal.paint)}\n\n`);
  } finally {
    progress.end();
    client.close();
  }
}
