/**
 * The file of flows, from one daemon to the next:
 *
 *   read what the one before has left -> map a new file -> (its flows are restored into that) -> `keep`: it takes the
 *   old one's name
 *
 * Whoever is killed in between leaves one of the two whole. Where there is no room for a file, flows are kept in memory, and
 * a daemon that comes after this one does not know them.
 */
import { readFileSync, renameSync, rmSync } from "node:fs";
import { flowMemoryBytes, limits } from "@podwire/dataplane";
import { memoryInFile } from "@podwire/linux";

export interface FlowsFile {
  readonly memory: ArrayBuffer;
  /** A copy of what the daemon before this one had. */
  readonly before: ArrayBuffer | undefined;
  keep(): void;
}

export function openFlows(path: string): FlowsFile {
  const before = readIfThere(path);
  const next = `${path}.next`;
  const bytes = flowMemoryBytes(limits.flows);
  try {
    const memory = memoryInFile(next, bytes);
    return { memory, before, keep: () => renameSync(next, path) };
  } catch (error) {
    console.error(`flows of Services will not outlive this daemon: ${(error as Error).message}`);
    rmSync(next, { force: true });
    return { memory: new ArrayBuffer(bytes), before, keep: () => rmSync(path, { force: true }) };
  }
}

function readIfThere(path: string): ArrayBuffer | undefined {
  try {
    const bytes = readFileSync(path);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
