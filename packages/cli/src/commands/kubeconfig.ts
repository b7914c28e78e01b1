/** `podwire kubeconfig`: how kubectl and other clients reach a lab. The user's own file changes with --merge alone. */
import { resolve } from "node:path";
import { kubeconfigOf, mergeKubeconfig, writeKubeconfig } from "@podwire/lab";
import { UsageError } from "../errors.ts";
import { type LabSelection, selectedName } from "../lab/select.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface KubeconfigOptions extends LabSelection {
  /** A file; `-`: standard output. */
  readonly output?: string;
  readonly merge?: boolean;
  readonly useContext?: boolean;
}

export async function runKubeconfig(options: KubeconfigOptions, terminal: Terminal): Promise<void> {
  const name = await selectedName(options);
  const { output = "-", merge = false, useContext = false } = options;
  if (merge && options.output !== undefined) {
    throw new UsageError("--merge changes your own kubeconfig, --output writes another file: choose one");
  }
  if (useContext && !merge) throw new UsageError("--use-context goes with --merge");
  if (merge) {
    const file = await mergeKubeconfig(name, { isCurrent: useContext });
    const how = useContext ? "kubectl" : `kubectl --context podwire-${name}`;
    terminal.stderr.write(`merged into ${file}: ${how} get nodes\n`);
  } else if (output === "-") {
    terminal.stdout.write(await kubeconfigOf(name));
  } else {
    await writeKubeconfig(name, resolve(output));
    terminal.stderr.write(`written to ${output}: kubectl --kubeconfig ${output} get nodes\n`);
  }
}
