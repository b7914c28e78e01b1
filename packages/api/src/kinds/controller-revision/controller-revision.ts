/** The entry for ControllerRevision. */
import { type ControllerRevision, controllerRevision } from "../../apps/controller-revision.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const controllerRevisionKind: Kind<ControllerRevision> = kindEntry<ControllerRevision>({
  kind: "ControllerRevision",
  group: "apps",
  plural: "controllerrevisions",
  schema: controllerRevision,
});
