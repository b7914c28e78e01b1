/** What a Deployment writes on its ReplicaSets: revisions, and the sizes that it had in mind; pure. */
import type { Deployment, ObjectMeta, ReplicaSet } from "@podwire/api";

export const REVISION = "deployment.kubernetes.io/revision";
const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
export const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

const NOT_COPIED = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  "deprecated.deployment.rollback.to",
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
]);

/** The history of a ReplicaSet that was gone back to often is cut to this, as upstream. */
const HISTORY_CHARACTERS = 2_000;

/** Undefined: there is none, or it is no number. */
export function annotatedCount({ annotations }: ObjectMeta, key: string): number | undefined {
  const text = annotations?.[key] ?? "";
  return /^\d{1,10}$/.test(text) && Number(text) < 2 ** 31 ? Number(text) : undefined;
}

/** 0: none, which is also what text that is no number counts as. */
export function revisionOf({ metadata }: ReplicaSet): number {
  const text = metadata.annotations?.[REVISION] ?? "";
  return /^-?\d+$/.test(text) ? Number(text) : 0;
}

/** The annotations of the ReplicaSet of the Deployment's present template, which becomes `revision`. */
export function annotationsOfNew(
  deployment: Deployment,
  current: Readonly<Record<string, string>> | undefined,
  revision: number,
): Record<string, string> {
  const annotations = { ...current };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!NOT_COPIED.has(key)) annotations[key] = value;
  }
  const before = annotations[REVISION];
  if (before !== undefined && before !== "" && !/^-?\d+$/.test(before)) return annotations;
  if (Number(before ?? 0) >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (before !== undefined) {
    const history = withRevision(annotations[REVISION_HISTORY] ?? "", before);
    if (history !== undefined) annotations[REVISION_HISTORY] = history;
  }
  return annotations;
}

function withRevision(history: string, revision: string): string | undefined {
  if (history === "") return revision;
  const revisions = history.split(",");
  let length = history.length + revision.length + 1;
  while (length > HISTORY_CHARACTERS && revisions.length > 0) length -= revisions.shift()!.length + 1;
  return length > HISTORY_CHARACTERS ? undefined : [...revisions, revision].join(",");
}

export function sizeAnnotations(desired: number, most: number): Record<string, string> {
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(most) };
}
