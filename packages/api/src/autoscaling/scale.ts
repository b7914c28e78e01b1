/** Scale: the number of replicas of a workload, as its subresource `scale`. */

import { namespacedMeta, typeMeta } from "../core/meta.ts";
import {
  absentAtZero,
  defaulted,
  field,
  filled,
  type Infer,
  int32,
  object,
  required,
  string,
} from "../schema/schema.ts";

const scaleSpecFields = {
  replicas: field(1, absentAtZero(int32), "How many Pods are asked for."),
};
export interface ScaleSpec extends Infer<typeof scaleSpecFields> {}
export const scaleSpec = object<ScaleSpec>("ScaleSpec", scaleSpecFields);

const scaleStatusFields = {
  replicas: field(1, filled(int32, 0), "How many Pods there are."),
  selector: field(2, string, "The labels that select those Pods, as text."),
};
export interface ScaleStatus extends Infer<typeof scaleStatusFields> {}
export const scaleStatus = object<ScaleStatus>("ScaleStatus", scaleStatusFields);

const scaleFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, required(scaleSpec), "The size that is asked for."),
  status: field(3, defaulted(scaleStatus, {}), "The size that was observed."),
};
export interface Scale extends Infer<Omit<typeof scaleFields, "status">> {
  status: ScaleStatus;
}
export const scale = object<Scale>("Scale", scaleFields, { doc: "Scale is the size of a workload." });
