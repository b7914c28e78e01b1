/** The entry for ControllerRevision. */
import { type ControllerRevision, controllerRevision } from "../../apps/controller-revision.ts";
import { NONE } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import type { Kind } from "../kind.ts";

/** `statefulset.apps/web` */
function controllerCell({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(each => each.controller);
  if (owner === undefined) return NONE;
  const [group] = owner.apiVersion.includes("/") ? owner.apiVersion.split("/") : [""];
  return `${[owner.kind, group].filter(Boolean).join(".").toLowerCase()}/${owner.name}`;
}

export const controllerRevisionKind: Kind<ControllerRevision> = kindEntry<ControllerRevision>({
  kind: "ControllerRevision",
  group: "apps",
  plural: "controllerrevisions",
  schema: controllerRevision,
  columns: [
    nameColumn,
    column("Controller", "Controller of the object", controllerCell),
    column("Revision", "The revision that its data is", object => object.revision),
    ageColumn,
  ],
});
