/**
 * Pseudo terminals (pty(7)): the terminal of a command that runs in a container.
 *
 * The master is opened through the container's own /dev/ptmx, so that the slave has a name in there
 * (`tty` prints /dev/pts/0) and none outside.
 */

import { constants, openSync } from "node:fs";
import { join } from "node:path";
import { check } from "./errors.ts";
import { nativeMemory } from "./memory.ts";
import { libc } from "./native.ts";

const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCSWINSZ = 0x5414;

export interface Pty {
  /** File descriptor of the master, non-blocking, close-on-exec; the caller closes it. */
  master: number;
  /** Path of the slave, to be opened as the command's stdin, stdout and stderr. */
  slavePath: string;
}

/** Opens a new pseudo terminal of the devpts file system at `devpts` (for example /proc/PID/root/dev/pts). */
export function openPty(devpts: string): Pty {
  const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;
  const master = openSync(join(devpts, "ptmx"), flags);
  const number = nativeMemory(4);
  unlockPty(master);
  check(libc.ioctl(master, TIOCGPTN, number.address), "ioctl TIOCGPTN", "pseudo terminal");
  return { master, slavePath: join(devpts, String(number.u32[0])) };
}

/** Lets the slave be opened. */
export function unlockPty(master: number): void {
  check(libc.ioctl(master, TIOCSPTLCK, nativeMemory(4).address), "ioctl TIOCSPTLCK", "pseudo terminal");
}

/** Sets the size; the foreground processes of the terminal get SIGWINCH when it changes. */
export function resizePty(master: number, columns: number, rows: number): void {
  const size = nativeMemory(8);
  const bounded = (value: number): number => Math.min(Math.max(0, Math.trunc(value)), 0xffff);
  size.view.setUint16(0, bounded(rows), true);
  size.view.setUint16(2, bounded(columns), true);
  check(libc.ioctl(master, TIOCSWINSZ, size.address), "ioctl TIOCSWINSZ", "pseudo terminal");
}
