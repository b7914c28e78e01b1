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
  replicas: field(1, absentAtZero(int32), ""),
};
export interface ScaleSpec extends Infer<typeof scaleSpecFields> {}
export const scaleSpec = object<ScaleSpec>("ScaleSpec", scaleSpecFields);

const scaleStatusFields = {
  replicas: field(1, filled(int32, 0), ""),
  selector: field(2, string, ""),
};
export interface ScaleStatus extends Infer<typeof scaleStatusFields> {}
export const scaleStatus = object<ScaleStatus>("ScaleStatus", scaleStatusFields);

const scaleFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(scaleSpec), ""),
  status: field(3, defaulted(scaleStatus, {}), ""),
};
export interface Scale extends Infer<Omit<typeof scaleFields, "status">> {
  status: ScaleStatus;
}
export const scale = object<Scale>("Scale", scaleFields);
