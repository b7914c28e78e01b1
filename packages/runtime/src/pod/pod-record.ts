/** What a node keeps of a Pod across restarts of its daemon, besides the files of its sandbox and containers. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pod, PodStatus } from "@podwire/api";

export interface PodRecord {
  pod: Pod;
  /** When this node first saw the Pod. */
  startTimeMs: number;
  /** How many sandboxes it has had. */
  sandboxAttempt: number;
  /** A sandbox was asked for, or is there. */
  sandboxWanted: boolean;
  podIPs: readonly string[];
}

const RECORD_FILE = "pod.json";
const STATUS_FILE = "status.json";

export function writePodRecord(podDir: string, record: PodRecord): void {
  mkdirSync(podDir, { recursive: true });
  writeJson(join(podDir, RECORD_FILE), record);
}

/** Undefined when there is none, or half of one: nothing had been started then. */
export function readPodRecord(podDir: string): PodRecord | undefined {
  return readJson<PodRecord>(join(podDir, RECORD_FILE));
}

/** Keeps the last status reported, so that a restarted daemon does not report what has not changed as new. */
export function writeReportedStatus(podDir: string, status: PodStatus): void {
  // Before its record is there a Pod has nothing to remember, and after its folder is gone never again.
  if (!existsSync(join(podDir, RECORD_FILE))) return;
  try {
    writeJson(join(podDir, STATUS_FILE), status);
  } catch {
    // A full disk: after a restart the Pod's times of transition would be newer than they are, no more.
  }
}

export function readReportedStatus(podDir: string): PodStatus | undefined {
  return readJson<PodStatus>(join(podDir, STATUS_FILE));
}

function writeJson(path: string, value: object): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(value));
  renameSync(`${path}.tmp`, path);
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** uid and container names become folder names; neither may lead elsewhere. */
export function assertFolderName(what: string, name: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(name)) {
    throw new Error(`${what} "${name}": only letters, digits, "-", "_" and "." are allowed`);
  }
}
