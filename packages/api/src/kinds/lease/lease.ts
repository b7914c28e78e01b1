/** The entry for Lease. */
import { type Lease, lease } from "../../coordination/lease.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import type { Kind } from "../kind.ts";

export const leaseKind: Kind<Lease> = kindEntry<Lease>({
  kind: "Lease",
  group: "coordination.k8s.io",
  plural: "leases",
  schema: lease,
  createsOnUpdate: true,
  columns: [
    nameColumn,
    column("Holder", "Who holds it", object => object.spec.holderIdentity ?? ""),
    ageColumn,
  ],
});
