/** The entry for ReplicaSet. */
import { type ReplicaSet, replicaSet } from "../../apps/replica-set.ts";
import { containersColumn, imagesColumn, selectorCell } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn, selectable, wideColumn } from "../entry.ts";
import { type Kind, specOf, statusSubresource } from "../kind.ts";
import { defaultTemplate } from "../pod/defaults.ts";
import { scaleSubresource } from "../scale/scale.ts";
import { validateReplicaSet, validateReplicaSetUpdate } from "./validate.ts";

export const replicaSetKind: Kind<ReplicaSet> = kindEntry<ReplicaSet>({
  kind: "ReplicaSet",
  group: "apps",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  schema: replicaSet,
  applyDefaults: ({ spec }) => defaultTemplate(spec.template),
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  selectableFields: selectable<ReplicaSet>({
    "status.replicas": object => String(object.status.replicas ?? 0),
  }),
  generationOf: specOf,
  subresources: [statusSubresource<ReplicaSet>(), scaleSubresource<ReplicaSet>()],
  columns: [
    nameColumn,
    column("Desired", "How many Pods there should be", object => object.spec.replicas ?? 0, {
      type: "integer",
    }),
    column("Current", "How many Pods there are", object => object.status.replicas ?? 0, { type: "integer" }),
    column("Ready", "How many of them are ready", object => object.status.readyReplicas ?? 0, {
      type: "integer",
    }),
    ageColumn,
    containersColumn,
    imagesColumn,
    wideColumn("Selector", "The Pods that it counts", object => selectorCell(object.spec.selector)),
  ],
});
