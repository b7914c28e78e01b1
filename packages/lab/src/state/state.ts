/**
 * lab.json: what runs, for commands that did not start it. The supervisor alone writes it, whole and atomically;
 * everyone else reads. `down` needs nothing of it to succeed, so that a damaged one stops nobody.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { ProcessIdentity } from "@podwire/runtime";
import type { LabConfig } from "../config/cluster.ts";
import { LabError } from "../errors.ts";
import { labPaths } from "./directory.ts";

export const STATE_VERSION = 1;

export interface DaemonState {
  readonly name: string;
  readonly identity: ProcessIdentity | undefined;
  readonly restarts: number;
  readonly startedAt: string;
}

/** A network namespace and the process that holds it. */
export interface HostState {
  readonly name: string;
  readonly holder: ProcessIdentity;
  readonly namespace: number;
  /** On the underlay, the outer family of the overlay first. */
  readonly addresses: readonly string[];
}

export interface LabState {
  readonly schemaVersion: typeof STATE_VERSION;
  readonly name: string;
  readonly phase: "Starting" | "Ready";
  readonly startedAt: string;
  readonly apiUrl: string;
  readonly supervisor: ProcessIdentity;
  readonly config: LabConfig;
  readonly underlay: HostState;
  readonly nodes: readonly HostState[];
  /** Hosts on the underlay that are no nodes. */
  readonly outside: readonly HostState[];
  readonly daemons: readonly DaemonState[];
}

export function writeState(path: string, state: LabState): void {
  const draft = `${path}.new`;
  try {
    writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Reads the state of a lab; a LabError says what to do when there is none or it cannot be read. */
export function readState(name: string): LabState {
  const { state: path } = labPaths(name);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") throw new LabError(`${path} cannot be read (${code})`, { cause: error });
    throw new LabError(`lab ${name} is not up: start it with "podwire up --name ${name}"`);
  }
  try {
    const state = JSON.parse(text) as LabState;
    if (state.schemaVersion === STATE_VERSION) return state;
  } catch (error) {
    throw new LabError(`${path} is damaged: remove the lab with "podwire down --name ${name}"`, {
      cause: error,
    });
  }
  throw new LabError(
    `${path} was written by another version of podwire: remove the lab with "podwire down --name ${name}"`,
  );
}
