/** ControllerRevision: a state of a template that a StatefulSet or DaemonSet can go back to. */

import { namespacedMeta, typeMeta } from "../core/meta.ts";
import { any, field, type Infer, int64, object, required } from "../schema/schema.ts";

const controllerRevisionFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  data: field(2, any, ""),
  revision: field(3, required(int64), ""),
};
export interface ControllerRevision extends Infer<typeof controllerRevisionFields> {}
export const controllerRevision = object<ControllerRevision>("ControllerRevision", controllerRevisionFields);
