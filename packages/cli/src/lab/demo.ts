/** `podwire up --demo`: applies examples/demo.yaml, waits until its pods are Ready and prints their matrix. */
import { podsReady } from "@podwire/lab";
import { checkoutPath } from "../checkout.ts";
import { applyManifests } from "../manifests/apply.ts";
import { readManifests } from "../manifests/read.ts";
import { formatMatrix } from "../matrix/format.ts";
import { measureMatrix } from "../matrix/measure.ts";
import { isGood, summarize } from "../matrix/model.ts";
import { formatMilliseconds } from "../terminal/duration.ts";
import { Progress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { clientOf } from "./select.ts";

const DEMO = checkoutPath("examples/demo.yaml");

/** Resolves with whether every path works. */
export async function runDemo(name: string, terminal: Terminal): Promise<boolean> {
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
    const matrix = await measureMatrix(client, {}, (step, count) => progress.step(step, count));
    progress.end();
    terminal.stdout.write(`\n${formatMatrix(matrix, terminal.paint)}\n\n`);
    return isGood(summarize(matrix));
  } finally {
    progress.end();
    client.close();
  }
}
