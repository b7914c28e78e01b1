/** `podwire matrix`: fails when a path fails, an address is translated on the way, or a pod cannot be measured. */
import { EXIT, ExitWith } from "../errors.ts";
import { clientOf, type LabSelection, labelsOf } from "../lab/select.ts";
import { formatMatrix } from "../matrix/format.ts";
import { measureMatrix } from "../matrix/measure.ts";
import { isGood, summarize } from "../matrix/model.ts";
import { Progress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface MatrixOptions extends LabSelection {
  readonly output?: "json";
  readonly namespace?: string;
  readonly selector?: string;
}

export async function runMatrix(options: MatrixOptions, terminal: Terminal): Promise<void> {
  const labels = await labelsOf(options.selector);
  const client = await clientOf(options);
  const progress = new Progress(terminal);
  try {
    const matrix = await measureMatrix(client, { namespace: options.namespace, labels }, (step, count) =>
      progress.step(step, count),
    );
    progress.end();
    const summary = summarize(matrix);
    const text =
      options.output === "json"
        ? JSON.stringify({ summary, ...matrix }, null, 2)
        : formatMatrix(matrix, terminal.paint);
    terminal.stdout.write(`${text}\n`);
    if (!isGood(summary)) throw new ExitWith(EXIT.failed);
  } finally {
    progress.end();
    client.close();
  }
}
