/** `podwire exec POD -- COMMAND`: the command's output is ours, and so is its exit code. */

import type { ReadStream, WriteStream } from "node:tty";
import type { ExecSession } from "@podwire/client";
import { EXIT, ExitWith } from "../errors.ts";
import { clientOf, type LabSelection, podNamed } from "../lab/select.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface ExecCommandOptions extends LabSelection {
  readonly namespace: string;
  readonly container?: string;
  readonly stdin?: boolean;
  readonly tty?: boolean;
}

export async function runExec(
  pod: string,
  command: readonly string[],
  options: ExecCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const tty = options.tty === true && process.stdout.isTTY === true;
  if (options.tty && !tty) terminal.stderr.write("podwire exec: no terminal here, so -t is ignored\n");
  const name = await podNamed(pod);
  const client = await clientOf(options);
  const session = await client.exec(
    { namespace: options.namespace, name },
    {
      command,
      container: options.container,
      stdin: options.stdin,
      tty,
      stdout: bytes => process.stdout.write(bytes),
      stderr: bytes => process.stderr.write(bytes),
    },
  );
  let interrupted = false;
  const leave = () => {
    interrupted = true;
    session.close();
  };
  process.once("SIGINT", leave);
  const restore = tty ? becomeTerminal(session) : () => {};
  const input = options.stdin ? passStdin(session) : undefined;
  try {
    const code = await session.exitCode;
    if (code !== 0) throw new ExitWith(code);
  } catch (error) {
    throw interrupted ? new ExitWith(EXIT.interrupted) : error;
  } finally {
    input?.();
    restore();
    process.off("SIGINT", leave);
    client.close();
  }
}

/** Each key goes to the command as it is pressed, and so does the size of the window. */
function becomeTerminal(session: ExecSession): () => void {
  const input = process.stdin as ReadStream;
  const output = process.stdout as WriteStream;
  const resize = () => session.resize(output.columns, output.rows);
  if (input.isTTY) input.setRawMode(true);
  output.on("resize", resize);
  resize();
  return () => {
    if (input.isTTY) input.setRawMode(false);
    output.off("resize", resize);
  };
}

/** Reads stdin no faster than the command takes it. The result stops reading. */
function passStdin(session: ExecSession): () => void {
  const input = process.stdin;
  input.on("data", (bytes: Buffer) => {
    input.pause();
    void session.write(bytes).then(() => input.resume());
  });
  input.once("end", () => session.endInput());
  return () => input.destroy();
}
