/** The signal that an image wants its process to be asked to end with, as a number. */
import os from "node:os";

/** Of glibc, whose own use the first two are. */
const FIRST_REAL_TIME = 34;
const LAST_REAL_TIME = 64;

/** `SIGQUIT`, `QUIT`, `3`, `SIGRTMIN+3`; undefined for what is none. */
export function stopSignalNumber(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text)) return inRange(Number(text));
  const name = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  const [, from, offset] = /^SIG(RTMIN|RTMAX)([+-]\d{1,2})?$/.exec(name) ?? [];
  if (from) return inRange((from === "RTMIN" ? FIRST_REAL_TIME : LAST_REAL_TIME) + Number(offset ?? 0));
  return (os.constants.signals as Record<string, number>)[name];
}

function inRange(value: number): number | undefined {
  return value >= 1 && value <= LAST_REAL_TIME ? value : undefined;
}
