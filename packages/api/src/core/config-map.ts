/** ConfigMap: configuration for Pods, as text or bytes. */
import { bool, bytes, field, type Infer, map, object, required, string } from "../schema/schema.ts";
import { namespacedMeta, typeMeta } from "./meta.ts";

const configMapFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  data: field(
    2,
    map(string),
    "Text by key; a key becomes a file name or the name of an environment variable.",
  ),
  binaryData: field(3, map(bytes), "Bytes by key, in base64; no key is in data as well."),
  immutable: field(4, bool, "Whether the data is fixed for good."),
};
export interface ConfigMap extends Infer<typeof configMapFields> {}
export const configMap = object<ConfigMap>("ConfigMap", configMapFields, {
  doc: "ConfigMap holds settings for Pods.",
});
