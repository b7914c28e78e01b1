/** ControllerRevision: a state of a template that a StatefulSet or DaemonSet can go back to. */

import { namespacedMeta, typeMeta } from "../core/meta.ts";
import { any, field, type Infer, int64, object, required } from "../schema/schema.ts";

const controllerRevisionFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  data: field(2, any, "The state that is kept."),
  revision: field(3, required(int64), "Number of the revision; more is later."),
};
export interface ControllerRevision extends Infer<typeof controllerRevisionFields> {}
export const controllerRevision = object<ControllerRevision>("ControllerRevision", controllerRevisionFields, {
  doc: "ControllerRevision keeps a state of a StatefulSet or DaemonSet to go back to.",
});
