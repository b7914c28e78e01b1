/** Secret: as a ConfigMap, for what not everyone should read. */
import {
  bool,
  bytes,
  defaulted,
  field,
  type Infer,
  map,
  object,
  required,
  string,
} from "../schema/schema.ts";
import { namespacedMeta, typeMeta } from "./meta.ts";

const secretFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  data: field(2, map(bytes), "Bytes by key, in base64."),
  type: field(3, defaulted(string, "Opaque"), "What the data is for, such as Opaque or kubernetes.io/tls."),
  stringData: field(4, map(string), "Text by key that is added to data as it is written; never shown."),
  immutable: field(5, bool, "Whether the data is fixed for good."),
};
export interface Secret extends Infer<typeof secretFields> {}
export const secret = object<Secret>("Secret", secretFields, {
  doc: "Secret holds data for Pods that few should see.",
});
