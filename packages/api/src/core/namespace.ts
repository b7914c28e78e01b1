/** Namespace: a scope for names. Its deletion ends when the finalizer `kubernetes` has been taken off. */
import {
  defaulted,
  enumOf,
  field,
  type Infer,
  list,
  object,
  required,
  string,
  time,
} from "../schema/schema.ts";
import { objectMeta, typeMeta } from "./meta.ts";

const namespaceSpecFields = {
  finalizers: field(1, list(string), ""),
};
export interface NamespaceSpec extends Infer<typeof namespaceSpecFields> {}

const namespaceConditionFields = {
  type: field(1, required(string), ""),
  status: field(2, required(enumOf("True", "False", "Unknown")), ""),
  lastTransitionTime: field(4, time, ""),
  reason: field(5, string, ""),
  message: field(6, string, ""),
};
export interface NamespaceCondition extends Infer<typeof namespaceConditionFields> {}

const namespaceStatusFields = {
  phase: field(1, defaulted(enumOf("Active", "Terminating"), "Active"), ""),
  conditions: field(
    2,
    list(object<NamespaceCondition>("NamespaceCondition", namespaceConditionFields), {
      key: "type",
    }),
    "",
  ),
};
export interface NamespaceStatus extends Infer<typeof namespaceStatusFields> {}

const namespaceFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), ""),
  spec: field(2, defaulted(object<NamespaceSpec>("NamespaceSpec", namespaceSpecFields), {}), ""),
  status: field(3, defaulted(object<NamespaceStatus>("NamespaceStatus", namespaceStatusFields), {}), ""),
};
export interface Namespace extends Infer<Omit<typeof namespaceFields, "spec" | "status">> {
  spec: NamespaceSpec;
  status: NamespaceStatus;
}
export const namespace = object<Namespace>("Namespace", namespaceFields);
