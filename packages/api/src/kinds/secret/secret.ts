/** The entry for Secret. */
import { type Secret, secret } from "../../core/secret.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const secretKind: Kind<Secret> = kindEntry<Secret>({
  kind: "Secret",
  plural: "secrets",
  schema: secret,
  columns: [
    nameColumn,
    column("Type", "What its data is for", object => object.type ?? ""),
    column("Data", "How many keys it has", object => Object.keys(object.data ?? {}).length),
    ageColumn,
  ],
});
