/** How a command ends: the exit codes, and the errors that choose them. */

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
};

export interface Ending {
  readonly exitCode: number;
  readonly message: string;
}

/** What is printed of an error and the code to exit with. Unexpected errors keep their stack. */
export function endingOf(error: unknown): Ending {
  if (error instanceof CommandError) return { exitCode: error.exitCode, message: error.message };
  if (!(error instanceof Error)) return { exitCode: EXIT.failed, message: String(error) };
  const exitCode = EXPECTED[error.name];
  if (exitCode !== undefined) {
    const prefix = error.name === "ApiError" ? `Error from server (${reasonOf(error)}): ` : "";
    return { exitCode, message: `${prefix}${error.message}` };
  }
  if ((error as NodeJS.ErrnoException).code === "ENOSPC") {
    return { exitCode: EXIT.failed, message: `${error.message}: the disk is full; make room and try again` };
  }
  return { exitCode: EXIT.failed, message: error.stack ?? error.message };
}

function reasonOf(error: Error): string {
  return "reason" in error ? String(error.reason) : "Unknown";
}
