/**
 * What a command knows of where it runs: data goes to stdout, everything said on the way to stderr. Colours and
 * movement only on a terminal, and not with NO_COLOR (https://no-color.org), CI or TERM=dumb.
 */
import type { WriteStream } from "node:tty";

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Paints for stdout and stderr; the text as it is where there is no colour. */
  readonly paint: Paint;
  readonly paintError: Paint;
  /** Lines on stderr may be written over. */
  readonly moves: boolean;
}

export type Colour = "red" | "green" | "yellow" | "dim" | "bold";
export type Paint = (colour: Colour, text: string) => string;

const CODES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;

export function makeTerminal(stdout: Output, stderr: Output, environment: NodeJS.ProcessEnv): Terminal {
  const dumb = environment.TERM === "dumb";
  const plain = dumb || (environment.NO_COLOR ?? "") !== "";
  const paintFor = (output: Output): Paint =>
    output.isTTY && !plain ? (colour, text) => `\x1b[${CODES[colour]}m${text}\x1b[0m` : (_, text) => text;
  return {
    stdout,
    stderr,
    paint: paintFor(stdout),
    paintError: paintFor(stderr),
    moves: stderr.isTTY === true && !dumb && (environment.CI ?? "") === "",
  };
}

export function processTerminal(): Terminal {
  return makeTerminal(process.stdout as WriteStream, process.stderr as WriteStream, process.env);
}
