/**
 * Progress of a long command, on stderr: one line that is written over on a terminal, plain lines elsewhere (a
 * line when a step begins to say something new).
 */
import type { Terminal } from "./terminal.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 80;
const CLEAR_LINE = "\r\x1b[K";

export class Progress {
  readonly #terminal: Terminal;
  #text = "";
  #count = "";
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** What is being done now. `count`, such as `3 of 4`, is for terminals: elsewhere each would be a line. */
  step(text: string, count = ""): void {
    if (text === this.#text && count === this.#count) return;
    const isNew = text !== this.#text;
    this.#text = text;
    this.#count = count;
    if (!this.#terminal.moves) {
      if (!isNew) return;
      this.#terminal.stderr.write(`${text}\n`);
      return;
    }
    this.#draw();
    this.#timer ??= setInterval(() => this.#draw(), FRAME_MS);
  }

  /** A line that stays, above the progress. */
  say(text: string): void {
    if (this.#timer) this.#terminal.stderr.write(CLEAR_LINE);
    this.#terminal.stderr.write(`${text}\n`);
    if (this.#timer) this.#draw();
  }

  /** Ends the progress; `text` stays when given. */
  end(text?: string): void {
    clearInterval(this.#timer);
    if (this.#timer) this.#terminal.stderr.write(CLEAR_LINE);
    this.#timer = undefined;
    this.#text = "";
    if (text !== undefined) this.#terminal.stderr.write(`${text}\n`);
  }

  #draw(): void {
    const frame = FRAMES[this.#frame++ % FRAMES.length]!;
    const room = (this.#terminal.stderr.columns || 80) - 3;
    const text = this.#count === "" ? this.#text : `${this.#text}: ${this.#count}`;
    this.#terminal.stderr.write(`${CLEAR_LINE}${frame} ${text.slice(0, room)}`);
  }
}
