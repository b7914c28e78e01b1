/** A command in a container for the node's own use (probes, hooks): to its end, with the beginning of what it says. */
import { LIMITS } from "../limits.ts";
import type { CommandResult } from "../probe/run-probe.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import { execInContainer } from "./exec.ts";
import type { RunInfo } from "./run.ts";

/** `timeoutMs` 0: none. */
export async function runCommand(
  running: { main: ProcessIdentity; info: RunInfo; folder: string },
  command: readonly string[],
  timeoutMs: number,
): Promise<CommandResult> {
  const session = execInContainer(running, { command });
  let output = "";
  let timedOut = false;
  for (const stream of [session.stdout, session.stderr]) {
    stream?.on("data", (bytes: Buffer) => {
      output = (output + bytes.toString()).slice(0, LIMITS.probeOutputBytes);
    });
  }
  const timer =
    timeoutMs > 0 &&
    setTimeout(() => {
      timedOut = true;
      session.kill();
    }, timeoutMs);
  const code = await session.ended;
  if (timer) clearTimeout(timer);
  return { code, output, timedOut };
}
