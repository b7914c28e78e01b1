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
  metadata: field(1, required(namespacedMeta), ""),
  data: field(2, map(bytes), ""),
  type: field(3, defaulted(string, "Opaque"), ""),
  stringData: field(4, map(string), ""),
  immutable: field(5, bool, ""),
};
export interface Secret extends Infer<typeof secretFields> {}
export const secret = object<Secret>("Secret", secretFields);
