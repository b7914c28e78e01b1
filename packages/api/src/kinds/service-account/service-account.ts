/** The entry for ServiceAccount. */
import { type ServiceAccount, serviceAccount } from "../../core/service-account.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const serviceAccountKind: Kind<ServiceAccount> = kindEntry<ServiceAccount>({
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  returnsDeleted: true,
  schema: serviceAccount,
  columns: [
    nameColumn,
    column("Secrets", "How many secrets name it", object => (object.secrets ?? []).length),
    ageColumn,
  ],
});
