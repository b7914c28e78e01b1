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
  finalizers: field(1, list(string), "What has yet to be emptied before the namespace may go."),
};
export interface NamespaceSpec extends Infer<typeof namespaceSpecFields> {}

const namespaceConditionFields = {
  type: field(1, required(string), "What the condition is about."),
  status: field(2, required(enumOf("True", "False", "Unknown")), "Whether it holds: True, False or Unknown."),
  lastTransitionTime: field(4, time, "When the status last changed."),
  reason: field(5, string, "Why, as one word for machines to read."),
  message: field(6, string, "Why, for people to read."),
};
export interface NamespaceCondition extends Infer<typeof namespaceConditionFields> {}

const namespaceStatusFields = {
  phase: field(
    1,
    defaulted(enumOf("Active", "Terminating"), "Active"),
    "Active, or Terminating while it is being emptied.",
  ),
  conditions: field(
    2,
    list(object<NamespaceCondition>("NamespaceCondition", namespaceConditionFields), {
      key: "type",
    }),
    "What a namespace that is going still waits for.",
  ),
};
export interface NamespaceStatus extends Infer<typeof namespaceStatusFields> {}

const namespaceFields = {
  ...typeMeta,
  metadata: field(1, required(objectMeta), "Name, namespace, labels and the rest that every object carries."),
  spec: field(
    2,
    defaulted(
      object<NamespaceSpec>("NamespaceSpec", namespaceSpecFields, {
        doc: "NamespaceSpec says what is asked of a Namespace.",
      }),
      {},
    ),
    "What is asked of the namespace.",
  ),
  status: field(
    3,
    defaulted(
      object<NamespaceStatus>("NamespaceStatus", namespaceStatusFields, {
        doc: "NamespaceStatus is what was observed of a Namespace.",
      }),
      {},
    ),
    "What was observed of the namespace.",
  ),
};
export interface Namespace extends Infer<Omit<typeof namespaceFields, "spec" | "status">> {
  spec: NamespaceSpec;
  status: NamespaceStatus;
}
export const namespace = object<Namespace>("Namespace", namespaceFields, {
  doc: "Namespace is a room of its own for the names of objects.",
});
