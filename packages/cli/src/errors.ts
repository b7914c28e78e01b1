/** How a command ends: the exit codes, the errors that choose them, and how errors are said. */
import type { Terminal } from "./terminal/terminal.ts";

export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The command failed: the message is printed as it is. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}

/** The command line, or a file it names, cannot be understood. */
export class UsageError extends CommandError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, EXIT.usage, options);
    this.name = "UsageError";
  }
}

/** Ends the process with a code and no message: what there is to say was said. */
export class ExitWith extends CommandError {
  constructor(exitCode: number) {
    super("", exitCode);
    this.name = "ExitWith";
  }
}

/** Errors that carry a message for people, by name: their classes live in packages that a command loads lazily. */
const EXPECTED: Readonly<Record<string, number>> = {
  LabError: EXIT.failed,
  LabStopped: EXIT.interrupted,
  ConfigError: EXIT.usage,
  ApiError: EXIT.failed,
  ImageError: EXIT.failed,
};

export interface Ending {
  readonly exitCode: number;
  /** `error:`, or as kubectl says whose error it is: `Error from server (NotFound):`. */
  readonly prefix: string;
  readonly message: string;
}

/** What is printed of an error and the code to exit with. Unexpected errors keep their stack. */
export function endingOf(error: unknown): Ending {
  const prefix = "error:";
  if (error instanceof CommandError) return { exitCode: error.exitCode, prefix, message: error.message };
  if (!(error instanceof Error)) return { exitCode: EXIT.failed, prefix, message: String(error) };
  const exitCode = EXPECTED[error.name];
  if (exitCode !== undefined) {
    const isServers = error.name === "ApiError";
    const from = isServers ? `Error from server (${reasonOf(error)}):` : prefix;
    return { exitCode, prefix: from, message: error.message };
  }
  if ((error as NodeJS.ErrnoException).code === "ENOSPC") {
    const message = `${error.message}: the disk is full; make room and try again`;
    return { exitCode: EXIT.failed, prefix, message };
  }
  return { exitCode: EXIT.failed, prefix, message: error.stack?.replace(/^Error: /, "") ?? error.message };
}

/** Says an error on stderr; `of` is the object of several that it is about. */
export function sayError({ stderr, paintError }: Terminal, error: unknown, of?: string): void {
  const { prefix, message } = endingOf(error);
  if (message === "") return;
  stderr.write(`${paintError("red", prefix)} ${of === undefined ? "" : `${of}: `}${message}\n`);
}

function reasonOf(error: Error): string {
  return "reason" in error ? String(error.reason) : "Unknown";
}
