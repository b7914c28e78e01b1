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
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** What is being done now. */
  step(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    if (!this.#terminal.moves) {
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
    this.#terminal.stderr.write(`${CLEAR_LINE}${frame} ${this.#text.slice(0, room)}`);
  }
}
