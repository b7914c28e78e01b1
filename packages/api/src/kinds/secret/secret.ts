/** The entry for Secret. */
import { type Secret, secret } from "../../core/secret.ts";
import { kindEntry } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const secretKind: Kind<Secret> = kindEntry<Secret>({
  kind: "Secret",
  plural: "secrets",
  schema: secret,
});
