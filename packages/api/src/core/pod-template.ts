/** The template from which workload controllers make Pods. */
import { field, type Infer, object } from "../schema/schema.ts";
import { namespacedMeta } from "./meta.ts";
import { podSpec } from "./pod.ts";

const podTemplateSpecFields = {
  metadata: field(1, namespacedMeta, ""),
  spec: field(2, podSpec, ""),
};
export interface PodTemplateSpec extends Infer<typeof podTemplateSpecFields> {}
export const podTemplateSpec = object<PodTemplateSpec>("PodTemplateSpec", podTemplateSpecFields);
