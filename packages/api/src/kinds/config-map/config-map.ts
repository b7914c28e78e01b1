/** The entry for ConfigMap. */
import { type ConfigMap, configMap } from "../../core/config-map.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import type { Kind } from "../kind.ts";
import { validateConfigMap, validateFrozen } from "./validate.ts";

function dataCount({ data = {}, binaryData = {} }: ConfigMap): string | number {
  return Object.keys(data).length + Object.keys(binaryData).length;
}

export const configMapKind: Kind<ConfigMap> = kindEntry<ConfigMap>({
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  schema: configMap,
  validate: validateConfigMap,
  validateUpdate: (next, stored) => validateFrozen(next, stored, ["data", "binaryData"]),
  columns: [nameColumn, column("Data", "How many keys it has", dataCount), ageColumn],
});
