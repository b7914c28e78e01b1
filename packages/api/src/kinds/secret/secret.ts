/** The entry for Secret. */
import { type Secret, secret } from "../../core/secret.ts";
import { ageColumn, column, kindEntry, nameColumn, selectable } from "../entry.ts";
import type { Kind } from "../kind.ts";
import { validateSecret, validateSecretUpdate } from "./validate.ts";

/** `stringData` is how text is written, and never what is stored. */
function mergeStringData(object: Secret): void {
  const { stringData } = object;
  if (stringData === undefined) return;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, base64(text)]);
  object.data = Object.fromEntries([...Object.entries(object.data ?? {}), ...encoded]);
  delete object.stringData;
}

function base64(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export const secretKind: Kind<Secret> = kindEntry<Secret>({
  kind: "Secret",
  plural: "secrets",
  schema: secret,
  validate: validateSecret,
  validateUpdate: validateSecretUpdate,
  applyDefaults: mergeStringData,
  selectableFields: selectable<Secret>({ type: object => object.type ?? "" }),
  columns: [
    nameColumn,
    column("Type", "What its data is for", object => object.type ?? ""),
    column("Data", "How many keys it has", object => Object.keys(object.data ?? {}).length),
    ageColumn,
  ],
});
