/**
 * ControllerRevisions: the templates that a StatefulSet or DaemonSet has had, numbered, so that Pods can be told by
 * the one they were made from and a client can go back (upstream: pkg/controller/history). The data of one is the
 * strategic merge patch that restores the template.
 */
import {
  type ControllerRevision,
  isReason,
  jsonEqual,
  type Kind,
  type KubernetesObject,
  type NewObject,
  type PodTemplateSpec,
  parseTime,
} from "@podwire/api";
import type { Owned } from "./owned.ts";
import { controllerReference } from "./ownership.ts";
import { contentHash } from "./template-hash.ts";

/** What the owner of revisions has to have. */
export type Revised = KubernetesObject & {
  spec: { template: PodTemplateSpec; revisionHistoryLimit?: number | undefined };
  status: { collisionCount?: number | undefined };
};

export interface RevisionOptions {
  readonly ownerKind: Kind;
  /** Where the hash that ends the name is kept. */
  readonly hashLabel: string;
}

export interface History {
  /** In the order of their numbers, the present template's last. */
  readonly revisions: readonly ControllerRevision[];
  /** The present template's. */
  readonly update: ControllerRevision;
  readonly collisionCount: number;
}

export function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (data as { spec: { template: object & { $patch?: string } } }).spec
    .template;
  return template as PodTemplateSpec;
}

/** The claimed revisions with the present template as the newest: found, numbered anew, or made. */
export async function recordRevision(
  owned: Owned<ControllerRevision>,
  claimed: readonly ControllerRevision[],
  owner: Revised,
  options: RevisionOptions,
): Promise<History> {
  const revisions = [...claimed].sort(byNumber);
  const newest = revisions.at(-1);
  const data = { spec: { template: { ...owner.spec.template, $patch: "replace" } } };
  const collisionCount = owner.status.collisionCount ?? 0;
  const equal = revisions.filter(each => jsonEqual(each.data, data)).at(-1);
  if (equal === undefined) {
    const made = await make(
      owned,
      owner,
      { data, revision: (newest?.revision ?? 0) + 1 },
      collisionCount,
      options,
    );
    return {
      revisions: [...revisions, made.revision],
      update: made.revision,
      collisionCount: made.collisionCount,
    };
  }
  if (equal === newest) return { revisions, update: equal, collisionCount };
  const renumbered = await owned.mutate(equal, copy => {
    copy.revision = newest!.revision + 1;
  });
  const others = revisions.filter(each => each !== equal);
  return { revisions: [...others, renumbered], update: renumbered, collisionCount };
}

async function make(
  owned: Owned<ControllerRevision>,
  owner: Revised,
  content: { data: object; revision: number },
  firstCollisionCount: number,
  options: RevisionOptions,
): Promise<{ revision: ControllerRevision; collisionCount: number }> {
  for (let collisionCount = firstCollisionCount; ; collisionCount++) {
    const wanted = newRevision(owner, content, collisionCount, options);
    try {
      return { revision: await owned.create(wanted), collisionCount };
    } catch (error) {
      if (!isReason(error, "AlreadyExists")) throw error;
      const { namespace, name } = wanted.metadata;
      const found = owned.informer.get({ namespace: namespace!, name: name! });
      // The cache is behind: the next turn knows it.
      if (found === undefined) throw error;
      if (jsonEqual(found.data, content.data)) return { revision: found, collisionCount };
    }
  }
}

const NAME_LENGTH = 223;

function newRevision(
  owner: Revised,
  { data, revision }: { data: object; revision: number },
  collisionCount: number,
  { ownerKind, hashLabel }: RevisionOptions,
): NewObject<ControllerRevision> & { metadata: Partial<ControllerRevision["metadata"]> } {
  const hash = contentHash(data, collisionCount);
  const { name, namespace, annotations } = owner.metadata;
  return {
    metadata: {
      name: `${name.slice(0, NAME_LENGTH)}-${hash}`,
      namespace: namespace!,
      labels: { ...owner.spec.template.metadata?.labels, [hashLabel]: hash },
      ...(annotations && { annotations }),
      ownerReferences: [controllerReference(ownerKind, owner)],
    },
    data,
    revision,
  };
}

/** Those beyond the limit, the oldest first; one that is `live` is kept beside it. */
export function beyondHistory(
  revisions: readonly ControllerRevision[],
  limit: number | undefined,
  live: ReadonlySet<ControllerRevision>,
): ControllerRevision[] {
  const past = revisions.filter(each => !live.has(each));
  return past.slice(0, Math.max(past.length - (limit ?? 10), 0));
}

function byNumber(a: ControllerRevision, b: ControllerRevision): number {
  const created = ({ metadata }: ControllerRevision) => parseTime(metadata.creationTimestamp) ?? 0;
  return a.revision - b.revision || created(a) - created(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}
