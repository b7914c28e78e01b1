/**
 * Makes a lab, in this order: checks that leave nothing behind, the directory (under the lab's lock), the socket
 * on which `down` finds us, the control plane (its process starts up while the underlay is made), the node
 * daemons, and then the wait until every Node is Ready. A step that fails takes everything back.
 */

import { rmSync } from "node:fs";
import { dirname } from "node:path";
import type { LabConfig } from "./config/cluster.ts";
import { checkLabName } from "./config/lab-name.ts";
import { isSupervised } from "./down/control-socket.ts";
import { LabError, LabStopped } from "./errors.ts";
import { Lab } from "./lab.ts";
import { DEFAULT_WAIT_TIMEOUT_MS } from "./limits.ts";
import { preflight } from "./preflight.ts";
import { type Program, podwireProgram } from "./processes/program.ts";
import {
  isOwn,
  type LabPaths,
  labNames,
  labPaths,
  makeDirectory,
  makeRunDirectory,
  removeEmptyRunDirectory,
} from "./state/directory.ts";
import { takeLabLock } from "./state/lock.ts";

export interface StartOptions {
  /** What the daemons are; the CLI of this build unless a test has its own. */
  readonly program?: Program;
  /** Stops the start, which then rejects with LabStopped after everything is taken back. */
  readonly signal?: AbortSignal;
  readonly waitTimeoutMs?: number;
  /** Hears of every step and of every daemon that dies, from the beginning. */
  readonly listen?: (events: Lab) => void;
}

/** Resolves when every node is Ready. */
export async function startLab(config: LabConfig, options: StartOptions = {}): Promise<Lab> {
  checkLabName(config.name);
  const paths = labPaths(config.name);
  if (labNames().includes(config.name)) throw await nameTaken(config.name, paths);
  const apiPort = await preflight(config, paths);
  options.signal?.throwIfAborted();
  const lab = await claim(config, paths, apiPort, options);
  const stop = () => void lab.down().catch(() => {});
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    await lab.begin(options.waitTimeoutMs ?? DEFAULT_WAIT_TIMEOUT_MS);
    return lab;
  } catch (error) {
    const stopped = lab.isGoing;
    await lab.down();
    throw stopped ? new LabStopped(config.name) : error;
  } finally {
    options.signal?.removeEventListener("abort", stop);
  }
}

/** From here on the lab's directory exists, and `down` finds a socket to ask. */
async function claim(
  config: LabConfig,
  paths: LabPaths,
  apiPort: number,
  options: StartOptions,
): Promise<Lab> {
  makeRunDirectory(dirname(paths.directory));
  const release = await takeLabLock(paths.lock);
  let isOurs = false;
  try {
    isOurs = makeDirectory(paths);
    if (!isOurs) throw await nameTaken(config.name, paths);
    const lab = new Lab(config, paths, apiPort, options.program ?? podwireProgram());
    options.listen?.(lab);
    await lab.serveControl();
    return lab;
  } catch (error) {
    if (isOurs) rmSync(paths.directory, { recursive: true, force: true });
    throw error;
  } finally {
    release();
    removeEmptyRunDirectory(paths);
  }
}

async function nameTaken(name: string, paths: LabPaths): Promise<LabError> {
  if (await isSupervised(paths.supervisorSocket)) {
    return new LabError(
      `lab ${name} is already up: take it down with "podwire down --name ${name}", or use another --name`,
    );
  }
  if (!isOwn(paths)) {
    return new LabError(
      `lab ${name} in ${paths.directory} is another user's: run podwire as that user, or use another --name`,
    );
  }
  return new LabError(
    `lab ${name} was left behind in ${paths.directory}: remove it with "podwire down --name ${name}", or use another --name`,
  );
}
