/** The entry for ReplicaSet. */
import { type ReplicaSet, replicaSet } from "../../apps/replica-set.ts";
import { kindEntry } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";

export const replicaSetKind: Kind<ReplicaSet> = kindEntry<ReplicaSet>({
  kind: "ReplicaSet",
  group: "apps",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  schema: replicaSet,
  countsGenerations: true,
  subresources: [statusSubresource<ReplicaSet>()],
});
