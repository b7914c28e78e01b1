/** The entry for ConfigMap. */
import { type ConfigMap, configMap } from "../../core/config-map.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const configMapKind: Kind<ConfigMap> = kindEntry<ConfigMap>({
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  schema: configMap,
});
