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
 *         kubeconfig             for kubectl: the administrator (`kubeconfig/document.ts`)
 *         merged-kubeconfigs.json     files of users that know this lab (`kubeconfig/merged.ts`)
 *         pki/                   certificates and keys (packages/pki, `files.ts`)
 *         control-plane/         store/, nodes.sock
 *         nodes/<node>/          the node daemon's own
 *         logs/<process>.log
 */
import { accessSync, constants, mkdirSync, readdirSync, realpathSync, rmdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { LabError } from "../errors.ts";

export const DEFAULT_RUN_DIRECTORY = "/run/podwire";

/**
 * Base of all labs' directories; the environment variable PODWIRE_RUN_DIR overrides. Absolute and without symbolic
 * links, because /proc tells the paths of processes and mounts that way.
 */
export function runDirectory(): string {
  return real(resolve(process.env.PODWIRE_RUN_DIR || DEFAULT_RUN_DIRECTORY));
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) return path;
    return join(real(parent), basename(path));
  }
}

export interface LabPaths {
  readonly directory: string;
  readonly lock: string;
  readonly state: string;
  readonly supervisorSocket: string;
  readonly pause: string;
  readonly pki: string;
  readonly kubeconfig: string;
  readonly merged: string;
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
    pki: join(directory, "pki"),
    kubeconfig: join(directory, "kubeconfig"),
    merged: join(directory, "merged-kubeconfigs.json"),
    controlPlane: join(directory, "control-plane"),
    nodesSocket: join(directory, "control-plane", "nodes.sock"),
    logs: join(directory, "logs"),
    node: node => join(directory, "nodes", node),
    log: daemon => join(directory, "logs", `${daemon}.log`),
  };
}

/** Makes the lab's directory; false when it is already there. */
export function makeDirectory(paths: LabPaths): boolean {
  try {
    mkdirSync(paths.directory, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  for (const part of [dirname(paths.pause), paths.controlPlane, paths.logs]) mkdirSync(part);
  return true;
}

/** Whether this user made the lab. Root may do with every lab as it likes. */
export function isOwn({ directory }: LabPaths, user: number = process.getuid!()): boolean {
  return user === 0 || (statSync(directory, { throwIfNoEntry: false })?.uid ?? user) === user;
}

/** Makes the directory of all labs. Throws a LabError when this process may not write there. */
export function makeRunDirectory(directory: string = runDirectory()): void {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LabError(
      `${directory} cannot hold labs (${code}): set PODWIRE_RUN_DIR to a directory that you may write to`,
    );
  }
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
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new LabError(
      `${base} cannot be read (${code}): labs have their directories there; see PODWIRE_RUN_DIR`,
    );
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
