/**
 * `podwire exec node/NAME -- COMMAND` and `podwire exec outside/NAME -- COMMAND`: a program of this machine, in the
 * network namespace of one of the lab's hosts. Its files are this machine's; what it prints is ours, and its exit code.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { CommandError, ExitWith, UsageError } from "../errors.ts";
import { type LabSelection, selectedName } from "../lab/select.ts";

export interface ExecOnHostOptions extends LabSelection {
  readonly container?: string;
  readonly stdin?: boolean;
}

export async function runExecOnHost(
  host: string,
  command: readonly string[],
  options: ExecOnHostOptions,
): Promise<void> {
  if (options.container !== undefined) throw new UsageError(`--container: ${host} has no containers`);
  const [kind, name = ""] = host.split("/");
  const { openLab } = await import("@podwire/lab");
  const lab = await openLab(await selectedName(options));
  const { pid } = kind === "node" ? lab.netnsOfNode(name) : lab.netnsOfOutside(name);
  const code = await run(pid, command, options.stdin ? "inherit" : "ignore");
  if (code !== 0) throw new ExitWith(code);
}

/** Ctrl-C reaches the program by the terminal; its exit code then says so. */
function run(pid: number, command: readonly string[], stdin: "inherit" | "ignore"): Promise<number> {
  const ignore = () => {};
  process.on("SIGINT", ignore);
  return new Promise<number>((resolve, reject) => {
    const child = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, "--", ...command], {
      stdio: [stdin, "inherit", "inherit"],
    });
    child.once("error", error => reject(new CommandError(`nsenter: ${error.message}`)));
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  }).finally(() => process.off("SIGINT", ignore));
}
