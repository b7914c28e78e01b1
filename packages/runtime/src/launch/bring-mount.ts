/**
 * Brings a folder of this process's mount namespace into another one, where no path leads to it: a mount that hangs
 * nowhere yet is taken here, carried over in a descriptor, and hung up there.
 *
 *   take: open_tree -> execve nsenter -> hang: move_mount
 */
import type { Architecture } from "./machine.ts";
import { AT_FDCWD, Program } from "./program.ts";

const COMPLAINTS = { descriptor: 2, exitCode: 1 };
const FIRST_FREE = 3;
const LAST_DESCRIPTOR = 0xffffffff;
const OPEN_TREE_CLONE = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 4;

/** `carrier` is the command line that enters the other namespace and becomes `hangProgram`. */
export function takeProgram(architecture: Architecture, folder: string, carrier: readonly string[]): Buffer {
  const program = new Program(architecture, COMPLAINTS);
  program.may("close_range", FIRST_FREE, LAST_DESCRIPTOR, 0);
  program.must(`mount ${folder}`, "open_tree", AT_FDCWD, program.text(folder), OPEN_TREE_CLONE);
  const [words, environment] = [program.vector(carrier), program.vector([])];
  program.must(carrier[0]!, "execve", program.text(carrier[0]!), words, environment);
  return program.finish();
}

export function hangProgram(architecture: Architecture, target: string): Buffer {
  const program = new Program(architecture, COMPLAINTS);
  const place = program.text(target);
  const nothing = program.text("");
  program.must(
    `mount ${target}`,
    "move_mount",
    FIRST_FREE,
    nothing,
    AT_FDCWD,
    place,
    MOVE_MOUNT_F_EMPTY_PATH,
  );
  program.may("exit_group", 0);
  return program.finish();
}
