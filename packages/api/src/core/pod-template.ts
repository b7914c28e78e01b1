/** The template from which workload controllers make Pods. */
import { field, type Infer, object } from "../schema/schema.ts";
import { namespacedMeta } from "./meta.ts";
import { podSpec } from "./pod.ts";

const podTemplateSpecFields = {
  metadata: field(1, namespacedMeta, "Name, namespace, labels and the rest that every object carries."),
  spec: field(2, podSpec, "What is asked of a Pod that is made from the template."),
};
export interface PodTemplateSpec extends Infer<typeof podTemplateSpecFields> {}
export const podTemplateSpec = object<PodTemplateSpec>("PodTemplateSpec", podTemplateSpecFields, {
  doc: "PodTemplateSpec is what a controller makes Pods from.",
});
