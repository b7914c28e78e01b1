/** What a terminal is typed. */
import { PassThrough, type Writable } from "node:stream";
import type { ReadStream } from "node:tty";

/** Input ends on a terminal by its end-of-file character, not by closing it. */
export function terminalInput(terminal: ReadStream): Writable {
  const END_OF_TRANSMISSION = Buffer.from([4]);
  const input = new PassThrough();
  input.on("data", bytes => {
    if (!terminal.destroyed && !terminal.write(bytes)) {
      input.pause();
      terminal.once("drain", () => input.resume());
    }
  });
  input.once("end", () => {
    if (!terminal.destroyed) terminal.write(END_OF_TRANSMISSION);
  });
  // Whoever waits for room must hear that there will be none.
  terminal.once("close", () => input.destroy());
  return input;
}
