/** The entry for DaemonSet. */
import { type DaemonSet, type DaemonSetStatus, daemonSet } from "../../apps/daemon-set.ts";
import { applyFallbacks } from "../../schema/defaults.ts";
import { jsonEqual } from "../../values/equal.ts";
import { containersColumn, imagesColumn, labelsCell, selectorCell } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn, wideColumn } from "../entry.ts";
import { type Column, type Kind, specOf, statusSubresource } from "../kind.ts";
import { defaultTemplate } from "../pod/defaults.ts";
import { validateDaemonSet, validateDaemonSetUpdate } from "./validate.ts";

function count(
  name: string,
  what: string,
  read: (status: DaemonSetStatus) => number | undefined,
): Column<DaemonSet> {
  return column(name, what, ({ status }) => read(status) ?? 0, { type: "integer" });
}

function applyDefaults({ spec }: DaemonSet): void {
  const { updateStrategy } = spec;
  if (updateStrategy?.type === "RollingUpdate") {
    updateStrategy.rollingUpdate = { maxUnavailable: 1, maxSurge: 0, ...updateStrategy.rollingUpdate };
  }
  defaultTemplate(spec.template);
}

/** How often the template has changed: of before generations, and still there for who reads it. */
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

function setTemplateGeneration({ metadata }: DaemonSet, count: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(count) };
}

function prepareCreate(object: DaemonSet): void {
  object.status = {} as DaemonSetStatus;
  applyFallbacks(daemonSet, object);
  setTemplateGeneration(object, 1);
}

function prepareUpdate(next: DaemonSet, stored: DaemonSet): void {
  next.status = stored.status;
  const before = Number(stored.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
  const isChanged = !jsonEqual(next.spec.template, stored.spec.template);
  setTemplateGeneration(next, isChanged ? before + 1 : before);
}

export const daemonSetKind: Kind<DaemonSet> = kindEntry<DaemonSet>({
  kind: "DaemonSet",
  group: "apps",
  plural: "daemonsets",
  shortNames: ["ds"],
  categories: ["all"],
  schema: daemonSet,
  applyDefaults,
  prepareCreate,
  prepareUpdate,
  validate: validateDaemonSet,
  validateUpdate: validateDaemonSetUpdate,
  generationOf: specOf,
  subresources: [statusSubresource<DaemonSet>()],
  columns: [
    nameColumn,
    count("Desired", "How many nodes should run its Pod", status => status.desiredNumberScheduled),
    count("Current", "How many of them do", status => status.currentNumberScheduled),
    count("Ready", "On how many its Pod is ready", status => status.numberReady),
    count(
      "Up-to-date",
      "On how many its Pod is of the newest template",
      status => status.updatedNumberScheduled,
    ),
    count(
      "Available",
      "On how many its Pod has been ready for long enough",
      status => status.numberAvailable,
    ),
    column("Node Selector", "The nodes that it is for", object =>
      labelsCell(object.spec.template?.spec?.nodeSelector),
    ),
    ageColumn,
    containersColumn,
    imagesColumn,
    wideColumn("Selector", "The Pods that it counts", object => selectorCell(object.spec.selector)),
  ],
});
