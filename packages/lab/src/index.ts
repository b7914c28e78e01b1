/**
 * Labs: made by `startLab`, looked at with `LabView.open`, removed by `takeDown`. What is needed only to make or
 * remove one (namespaces, netlink) is loaded when that happens.
 */

import type { LabConfig } from "./config/cluster.ts";
import type { Lab } from "./lab.ts";
import type { StartOptions } from "./start.ts";
import { adminApiServer } from "./state/credentials.ts";
import { labPaths } from "./state/directory.ts";

export {
  defaultLabConfig,
  type LabConfig,
  type LabOverrides,
  type NodeConfig,
  parseLabConfig,
} from "./config/cluster.ts";
export { checkLabName, isLabName } from "./config/lab-name.ts";
export { ConfigError, type Problem } from "./config/problem.ts";
export { closest } from "./config/suggest.ts";
export { LabError, LabStopped } from "./errors.ts";
export type { Lab, LabEvents } from "./lab.ts";
export { quoteLog } from "./processes/log-files.ts";
export { memberEnvironment, type Program, podwireProgram } from "./processes/program.ts";
export type { StartOptions } from "./start.ts";
export { adminApiServer } from "./state/credentials.ts";
export { type LabPaths, labNames, labPaths, runDirectory } from "./state/directory.ts";
export { isAlive, residentBytes } from "./state/identity.ts";
export { type DaemonState, type HostState, type LabState, readState } from "./state/state.ts";
export type { CommandResult, OutsideHost } from "./topology/outside.ts";
export type { HeldNamespace, LabView, PodName } from "./view.ts";
export { isReady, nodesReady, podsReady, until, type WaitOptions } from "./waits.ts";

/** Makes a lab and resolves when every node is Ready. Rejects with nothing left behind. */
export async function startLab(config: LabConfig, options?: StartOptions): Promise<Lab> {
  const { startLab: start } = await import("./start.ts");
  return start(config, options);
}

/** Opens a lab that is up. */
export async function openLab(name: string): Promise<import("./view.ts").LabView> {
  const { LabView } = await import("./view.ts");
  return LabView.open(name);
}

/** Removes a lab, living, dead or half made. False when there was nothing of it. */
export async function takeDown(name: string): Promise<boolean> {
  const { takeDown: down } = await import("./down/down.ts");
  return down(name);
}

/** The text of a lab's own kubeconfig, in which the lab is the current context. */
export async function kubeconfigOf(name: string): Promise<string> {
  const { kubeconfigEntries, kubeconfigText } = await import("./kubeconfig/document.ts");
  return kubeconfigText(kubeconfigEntries(name, adminApiServer(name)));
}

/** Writes it to a file; one that is there must be this lab's own. */
export async function writeKubeconfig(name: string, file: string): Promise<void> {
  const [text, { writeOwnFile }] = await Promise.all([
    kubeconfigOf(name),
    import("./kubeconfig/own-file.ts"),
  ]);
  await writeOwnFile(name, file, text);
}

/** Merges it into the user's own; returns which file that is. `down` takes it out again. */
export async function mergeKubeconfig(name: string, options: { isCurrent: boolean }): Promise<string> {
  const { mergeKubeconfig: merge } = await import("./kubeconfig/merged.ts");
  const { userKubeconfig } = await import("./kubeconfig/file.ts");
  const file = userKubeconfig();
  await merge(name, labPaths(name), adminApiServer(name), { file, ...options });
  return file;
}

/** Every lab that has a directory or a living process. */
export async function knownLabs(): Promise<string[]> {
  const { knownLabs: known } = await import("./down/down.ts");
  return known();
}

/** Living processes of a lab other than this one and its ancestors: daemons, holders of namespaces, containers. */
export async function labMembers(name: string): Promise<import("@podwire/runtime").ProcessIdentity[]> {
  const { findMembers } = await import("./down/members.ts");
  return findMembers(labPaths(name).directory);
}
