/** What a node keeps of a Pod across restarts of its daemon, besides the files of its sandbox and containers. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pod } from "@podwire/api";

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

export function writePodRecord(podDir: string, record: PodRecord): void {
  mkdirSync(podDir, { recursive: true });
  const path = join(podDir, "pod.json");
  writeFileSync(`${path}.tmp`, JSON.stringify(record));
  renameSync(`${path}.tmp`, path);
}

/** Undefined when there is none, or half of one: nothing had been started then. */
export function readPodRecord(podDir: string): PodRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(podDir, "pod.json"), "utf8")) as PodRecord;
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
