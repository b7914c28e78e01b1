/** Puts `pause` where a lab's processes run it from: `<labDir>/bin/pause`. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PauseArchitecture, pauseExecutable } from "./elf.ts";

export function pausePath(labDir: string): string {
  return join(labDir, "bin", "pause");
}

/**
 * Writes the executable unless it is there already. The lab and every node do this at the same time: each
 * writes a file of its own and renames it, so that no one ever runs half of it. Returns its path.
 */
export function installPause(labDir: string): string {
  const path = pausePath(labDir);
  const executable = pauseExecutable(architecture());
  if (readIfPresent(path)?.equals(executable)) return path;
  mkdirSync(join(labDir, "bin"), { recursive: true });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    writeFileSync(temporary, executable, { mode: 0o755 });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  return path;
}

/** Of this machine. */
export function architecture(): PauseArchitecture {
  if (process.arch === "x64" || process.arch === "arm64") return process.arch;
  throw new Error(`this machine is ${process.arch}: Podwire runs on x64 and arm64`);
}

function readIfPresent(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
