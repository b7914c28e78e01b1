/** Namespace: a scope for names. Its deletion ends when the finalizer `kubernetes` has been taken off. */
import { defaulted, enumOf, type Infer, list, object, required, string, time } from "../schema/schema.ts";
import { objectMeta, typeMeta } from "./meta.ts";

const namespaceSpecFields = { finalizers: list(string) };
export interface NamespaceSpec extends Infer<typeof namespaceSpecFields> {}

const namespaceConditionFields = {
  type: required(string),
  status: required(enumOf("True", "False", "Unknown")),
  lastTransitionTime: time,
  reason: string,
  message: string,
};
export interface NamespaceCondition extends Infer<typeof namespaceConditionFields> {}

const namespaceStatusFields = {
  phase: defaulted(enumOf("Active", "Terminating"), "Active"),
  conditions: list(object<NamespaceCondition>("NamespaceCondition", namespaceConditionFields), {
    key: "type",
  }),
};
export interface NamespaceStatus extends Infer<typeof namespaceStatusFields> {}

const namespaceFields = {
  ...typeMeta,
  metadata: required(objectMeta),
  spec: defaulted(object<NamespaceSpec>("NamespaceSpec", namespaceSpecFields), {}),
  status: defaulted(object<NamespaceStatus>("NamespaceStatus", namespaceStatusFields), {}),
};
export interface Namespace extends Infer<Omit<typeof namespaceFields, "spec" | "status">> {
  spec: NamespaceSpec;
  status: NamespaceStatus;
}
export const namespace = object<Namespace>("Namespace", namespaceFields);
