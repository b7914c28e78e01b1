/** The entry for StatefulSet. */
import { type StatefulSet, statefulSet } from "../../apps/stateful-set.ts";
import { containersColumn, imagesColumn } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
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
  columns: [
    nameColumn,
    column(
      "Ready",
      "Number of the pod with ready state",
      ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ),
    ageColumn,
    containersColumn,
    imagesColumn,
  ],
});
