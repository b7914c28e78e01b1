/**
 * A lab's entries in kubeconfigs of users: merged on demand, written down in the lab's directory first, and taken out
 * again when the lab goes.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ApiServer } from "@podwire/client";
import { LabError } from "../errors.ts";
import type { LabPaths } from "../state/directory.ts";
import { contextName, kubeconfigEntries } from "./document.ts";
import { currentContext, withEntries, withoutEntries } from "./edit.ts";
import { changeFile, readText } from "./file.ts";

/** Files by path, with the context that was current before the lab's became it. */
type MergedFiles = Record<string, { readonly previous: string }>;

export interface MergeOptions {
  readonly file: string;
  /** The lab's context becomes the current one. */
  readonly isCurrent: boolean;
}

/** Throws a LabError, and leaves the file as it is, when that cannot be read, understood or written. */
export async function mergeKubeconfig(
  lab: string,
  paths: LabPaths,
  server: ApiServer,
  { file, isCurrent }: MergeOptions,
): Promise<void> {
  const entries = kubeconfigEntries(lab, server);
  await changeFile(file, text => {
    const merged = withEntries(text, file, entries, isCurrent);
    const current = currentContext(text, file);
    const before = readMerged(paths);
    const previous = current === entries.name ? (before[file]?.previous ?? "") : current;
    // Before the file is changed: what was written down too much is only looked for in vain.
    writeMerged(lab, paths, { ...before, [file]: { previous } });
    return merged;
  });
  if (existsSync(paths.merged)) return;
  await changeFile(file, text => withoutEntries(text, file, entries.name, ""));
  throw takenDown(lab);
}

/** Takes the lab's entries out of every file that they were merged into. Throws a LabError that names what is left. */
export async function unmergeKubeconfigs(lab: string, paths: LabPaths): Promise<void> {
  const name = contextName(lab);
  const failures: string[] = [];
  for (const [file, { previous }] of Object.entries(readMerged(paths))) {
    try {
      if (readText(file) === undefined) continue;
      await changeFile(file, text => withoutEntries(text, file, name, previous));
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  rmSync(paths.merged, { force: true });
  if (failures.length === 0) return;
  const commands = ["context", "cluster", "user"].map(kind => `kubectl config delete-${kind} ${name}`);
  throw new LabError(
    `the entries ${name} could not be taken out of a kubeconfig: ${failures.join("; ")}\nremove them with: ${commands.join("; ")}`,
  );
}

function takenDown(lab: string): LabError {
  return new LabError(`lab ${lab} was taken down meanwhile: nothing was merged`);
}

function writeMerged(lab: string, { merged }: LabPaths, files: MergedFiles): void {
  try {
    writeFileSync(merged, JSON.stringify(files));
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOENT" ? takenDown(lab) : error;
  }
}

function readMerged({ merged }: LabPaths): MergedFiles {
  try {
    return JSON.parse(readFileSync(merged, "utf8")) as MergedFiles;
  } catch {
    return {}; // nothing was merged, or the lab is being removed
  }
}
