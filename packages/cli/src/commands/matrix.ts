/** `podwire matrix`: fails when a path fails or an address is translated on the way. */
import { parseLabelSelector } from "@podwire/api";
import { EXIT, ExitWith } from "../errors.ts";
import { clientOf, type LabSelection } from "../lab/select.ts";
import { formatMatrix } from "../matrix/format.ts";
import { measureMatrix } from "../matrix/measure.ts";
import { summarize } from "../matrix/model.ts";
import { Progress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface MatrixOptions extends LabSelection {
  readonly output?: "json";
  readonly namespace?: string;
  readonly selector?: string;
}

export async function runMatrix(options: MatrixOptions, terminal: Terminal): Promise<void> {
  const labels = options.selector === undefined ? undefined : parseLabelSelector(options.selector);
  const client = await clientOf(options);
  const progress = new Progress(terminal);
  try {
    const paths = await measureMatrix(client, { namespace: options.namespace, labels }, step =>
      progress.step(step),
    );
    progress.end();
    const summary = summarize(paths);
    const text =
      options.output === "json"
        ? JSON.stringify({ summary, paths }, null, 2)
        : formatMatrix(paths, terminal.paint);
    terminal.stdout.write(`${text}\n`);
    if (summary.works < summary.paths) throw new ExitWith(EXIT.failed);
  } finally {
    progress.end();
    client.close();
  }
}
