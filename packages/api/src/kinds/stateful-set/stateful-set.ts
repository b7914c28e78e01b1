/** The entry for StatefulSet. */
import { type StatefulSet, statefulSet } from "../../apps/stateful-set.ts";
import { kindEntry } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";

export const statefulSetKind: Kind<StatefulSet> = kindEntry<StatefulSet>({
  kind: "StatefulSet",
  group: "apps",
  plural: "statefulsets",
  shortNames: ["sts"],
  categories: ["all"],
  schema: statefulSet,
  countsGenerations: true,
  subresources: [statusSubresource<StatefulSet>()],
});
