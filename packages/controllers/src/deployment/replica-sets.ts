/**
 * The ReplicaSets of a Deployment: which is the one of its present template, making that one, changing sizes,
 * dropping what the history has no room for (upstream: pkg/controller/deployment/sync.go).
 */
import {
  type Deployment,
  isReason,
  jsonEqual,
  kinds,
  type NewObject,
  type PodTemplateSpec,
  type ReplicaSet,
} from "@podwire/api";
import type { Owned } from "../workloads/owned.ts";
import { controllerReference, isControlledBy } from "../workloads/ownership.ts";
import { isNamespaceTerminating } from "../workloads/pod-control.ts";
import { replicasOf } from "../workloads/replicas.ts";
import { contentHash } from "../workloads/template-hash.ts";
import { annotationsOfNew, revisionOf, sizeAnnotations } from "./annotations.ts";
import { byCreation, maxSurge, newReplicas, sumOfReplicas } from "./arithmetic.ts";
import type { Revisions } from "./status.ts";

const HASH_LABEL = "pod-template-hash";

function templatesEqual(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return jsonEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): object {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

/** Of several with the present template the oldest counts. */
export function sortOut({ spec }: Deployment, replicaSets: readonly ReplicaSet[]): Revisions {
  const sorted = [...replicaSets].sort(byCreation);
  const next = sorted.find(each => templatesEqual(each.spec.template, spec.template));
  return { next, old: sorted.filter(each => each !== next) };
}

/** The number of the revision that the present template is or becomes. */
export function nextRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

/** The present template's ReplicaSet with what the Deployment says of it. */
export async function updateNew(
  replicaSets: Owned<ReplicaSet>,
  deployment: Deployment,
  next: ReplicaSet,
  revision: number,
): Promise<ReplicaSet> {
  const annotations = annotationsOfNew(deployment, next.metadata.annotations, revision);
  const { minReadySeconds } = deployment.spec;
  const isUpToDate =
    jsonEqual(annotations, next.metadata.annotations ?? {}) &&
    (next.spec.minReadySeconds ?? 0) === (minReadySeconds ?? 0);
  if (isUpToDate) return next;
  return replicaSets.mutateAsSeen(next, copy => {
    copy.metadata.annotations = annotations;
    copy.spec.minReadySeconds = minReadySeconds;
  });
}

export type Made =
  | { readonly outcome: "made" | "found"; readonly replicaSet: ReplicaSet }
  /** Another template's ReplicaSet has the name. */
  | { readonly outcome: "collision" }
  | { readonly outcome: "terminating" };

/** Throws what the API says when the ReplicaSet cannot be made. */
export async function makeNew(
  replicaSets: Owned<ReplicaSet>,
  deployment: Deployment,
  old: readonly ReplicaSet[],
  revision: number,
): Promise<Made> {
  const wanted = newReplicaSet(deployment, old, revision);
  try {
    return { outcome: "made", replicaSet: await replicaSets.create(wanted) };
  } catch (error) {
    if (isNamespaceTerminating(error)) return { outcome: "terminating" };
    if (!isReason(error, "AlreadyExists")) throw error;
    const { namespace, name } = wanted.metadata;
    const found = replicaSets.informer.get({ namespace: namespace!, name: name! });
    // The cache is behind: the next turn knows it.
    if (found === undefined) throw error;
    const isSame =
      isControlledBy(found, deployment) && templatesEqual(found.spec.template, deployment.spec.template);
    return isSame ? { outcome: "found", replicaSet: found } : { outcome: "collision" };
  }
}

/** Names of ReplicaSets leave room for what their Pods' names add. */
const NAME_LENGTH = 253;

function newReplicaSet(
  deployment: Deployment,
  old: readonly ReplicaSet[],
  revision: number,
): NewObject<ReplicaSet> & { metadata: Partial<ReplicaSet["metadata"]> } {
  const { metadata, spec, status } = deployment;
  const hash = contentHash(spec.template, status.collisionCount);
  const labels = { ...spec.template.metadata?.labels, [HASH_LABEL]: hash };
  const replicas = replicasOf(deployment);
  return {
    metadata: {
      name: `${metadata.name.slice(0, NAME_LENGTH - hash.length - 1)}-${hash}`,
      namespace: metadata.namespace,
      labels,
      annotations: {
        ...annotationsOfNew(deployment, undefined, revision),
        ...sizeAnnotations(replicas, replicas + maxSurge(deployment)),
      },
      ownerReferences: [controllerReference(kinds.deployments, deployment)],
    },
    spec: {
      replicas: newReplicas(deployment, sumOfReplicas(old), 0),
      ...(spec.minReadySeconds && { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata!, labels } },
    },
  };
}

/** Returns the ReplicaSet as it is afterwards. */
export async function resize(
  replicaSets: Owned<ReplicaSet>,
  deployment: Deployment,
  seen: ReplicaSet,
  replicas: number,
): Promise<ReplicaSet> {
  const sizes = sizeAnnotations(replicasOf(deployment), replicasOf(deployment) + maxSurge(deployment));
  const annotations = { ...seen.metadata.annotations, ...sizes };
  if (replicasOf(seen) === replicas && jsonEqual(annotations, seen.metadata.annotations)) return seen;
  return replicaSets.mutateAsSeen(seen, copy => {
    copy.spec.replicas = replicas;
    copy.metadata.annotations = { ...copy.metadata.annotations, ...sizes };
  });
}

/** Old revisions beyond the limit, the oldest first; those that still have Pods stay. */
export function beyondHistory({ spec }: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const alive = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const excess = alive.length - (spec.revisionHistoryLimit ?? 10);
  if (excess <= 0) return [];
  alive.sort((a, b) => revisionOf(a) - revisionOf(b) || byCreation(a, b));
  return alive
    .slice(0, excess)
    .filter(
      ({ metadata, spec, status }) =>
        spec.replicas === 0 &&
        status.replicas === 0 &&
        (metadata.generation ?? 0) <= (status.observedGeneration ?? 0),
    );
}
