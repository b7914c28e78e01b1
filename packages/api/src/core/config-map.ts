/** ConfigMap: configuration for Pods, as text or bytes. */
import { bool, bytes, field, type Infer, map, object, required, string } from "../schema/schema.ts";
import { namespacedMeta, typeMeta } from "./meta.ts";

const configMapFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  data: field(2, map(string), ""),
  binaryData: field(3, map(bytes), ""),
  immutable: field(4, bool, ""),
};
export interface ConfigMap extends Infer<typeof configMapFields> {}
export const configMap = object<ConfigMap>("ConfigMap", configMapFields);
