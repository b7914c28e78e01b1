/** The entry for StatefulSet. */
import { type StatefulSet, statefulSet } from "../../apps/stateful-set.ts";
import { dnsLabelProblems } from "../../validation/names.ts";
import { containersColumn, imagesColumn } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import { type Kind, specOf, statusSubresource } from "../kind.ts";
import { defaultTemplate } from "../pod/defaults.ts";
import { scaleSubresource } from "../scale/scale.ts";
import { validateStatefulSet, validateStatefulSetUpdate } from "./validate.ts";

function applyDefaults({ spec }: StatefulSet): void {
  const strategy = spec.updateStrategy;
  if (strategy !== undefined && !strategy.type) {
    strategy.type = "RollingUpdate";
    strategy.rollingUpdate ??= {};
  }
  // As upstream: who names the type but says no more gets no partition.
  if (strategy?.type === "RollingUpdate" && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion = "v1";
    claim.kind = "PersistentVolumeClaim";
    claim.status = { phase: "Pending", ...claim.status };
    if (claim.spec) claim.spec.volumeMode ||= "Filesystem";
  }
  defaultTemplate(spec.template);
}

export const statefulSetKind: Kind<StatefulSet> = kindEntry<StatefulSet>({
  kind: "StatefulSet",
  group: "apps",
  plural: "statefulsets",
  shortNames: ["sts"],
  categories: ["all"],
  schema: statefulSet,
  applyDefaults,
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  nameProblems: dnsLabelProblems,
  generationOf: specOf,
  subresources: [statusSubresource<StatefulSet>(), scaleSubresource<StatefulSet>()],
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
