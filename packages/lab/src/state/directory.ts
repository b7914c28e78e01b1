/**
 * Where a lab keeps everything it owns: `<run directory>/<lab>/`. Whatever of a lab is on disk lies under its
 * directory (and one lock file beside it), so that removing the directory removes all of it.
 *
 *     /run/podwire/
 *       lab.lock                 held while the lab's directory is made or removed
 *       lab/
 *         lab.json               what runs, for other commands (`state.ts`)
 *         supervisor.sock        where `down` asks the living supervisor to stop
 *         bin/pause              holder of namespaces
 *         control-plane/         store/, nodes.sock
 *         nodes/<node>/          the node daemon's own
 *         logs/<process>.log
 */
import { mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";

export const DEFAULT_RUN_DIRECTORY = "/run/podwire";

/** Base of all labs' directories; the environment variable PODWIRE_RUN_DIR overrides. */
export function runDirectory(): string {
  return process.env.PODWIRE_RUN_DIR || DEFAULT_RUN_DIRECTORY;
}

export interface LabPaths {
  readonly directory: string;
  readonly lock: string;
  readonly state: string;
  readonly supervisorSocket: string;
  readonly pause: string;
  readonly controlPlane: string;
  readonly nodesSocket: string;
  readonly logs: string;
  node(name: string): string;
  log(process: string): string;
}

export function labPaths(name: string, base: string = runDirectory()): LabPaths {
  const directory = join(base, name);
  return {
    directory,
    lock: `${directory}.lock`,
    state: join(directory, "lab.json"),
    supervisorSocket: join(directory, "supervisor.sock"),
    pause: join(directory, "bin", "pause"),
    controlPlane: join(directory, "control-plane"),
    nodesSocket: join(directory, "control-plane", "nodes.sock"),
    logs: join(directory, "logs"),
    node: node => join(directory, "nodes", node),
    log: daemon => join(directory, "logs", `${daemon}.log`),
  };
}

/** Makes the lab's directory; false when it is already there. */
export function makeDirectory(paths: LabPaths): boolean {
  mkdirSync(dirname(paths.directory), { recursive: true });
  try {
    mkdirSync(paths.directory, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  for (const part of [dirname(paths.pause), paths.controlPlane, paths.logs]) mkdirSync(part);
  return true;
}

/** Names of the labs that have a directory, living or left behind. */
export function labNames(base: string = runDirectory()): string[] {
  try {
    const entries = readdirSync(base, { withFileTypes: true });
    return entries
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Removes the run directory when the last lab is gone. */
export function removeEmptyRunDirectory(paths: LabPaths): void {
  try {
    rmdirSync(dirname(paths.directory));
  } catch {
    // Another lab lives there, or another `down` was faster.
  }
}
