/** `podwire down`: removes a lab, or all of them, living, dead or half made. */
import { knownLabs, takeDown } from "@podwire/lab";
import { type LabSelection, selectedName } from "../lab/select.ts";
import { formatMilliseconds } from "../terminal/duration.ts";
import { Progress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface DownOptions extends LabSelection {
  readonly all?: boolean;
}

export async function runDown(options: DownOptions, terminal: Terminal): Promise<void> {
  const names = options.all ? await knownLabs() : [await selectedName(options)];
  if (names.length === 0) terminal.stderr.write("no lab is up\n");
  const progress = new Progress(terminal);
  for (const name of names) {
    const begun = performance.now();
    progress.step(`removing lab ${name}`);
    try {
      const was = await takeDown(name);
      const took = formatMilliseconds(performance.now() - begun);
      progress.end(was ? `lab ${name} is gone (${took})` : `lab ${name} is not up: nothing to remove`);
    } finally {
      progress.end();
    }
  }
}
