/** The entry for Lease. */
import { type Lease, lease } from "../../coordination/lease.ts";
import { type FieldError, fieldForbidden, fieldInvalid } from "../../validation/field-error.ts";
import { nonNegative } from "../../validation/fields.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import type { Kind } from "../kind.ts";

function validateLease({ spec }: Lease): FieldError[] {
  const { leaseDurationSeconds: seconds, leaseTransitions, preferredHolder, strategy } = spec;
  const errors = nonNegative("spec.leaseTransitions", leaseTransitions);
  if (seconds !== undefined && seconds <= 0) {
    errors.unshift(fieldInvalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
  }
  if (!preferredHolder || strategy) return errors;
  return [
    ...errors,
    fieldForbidden("spec.preferredHolder", "may only be specified if `strategy` is defined"),
  ];
}

export const leaseKind: Kind<Lease> = kindEntry<Lease>({
  kind: "Lease",
  group: "coordination.k8s.io",
  plural: "leases",
  schema: lease,
  validate: validateLease,
  createsOnUpdate: true,
  columns: [
    nameColumn,
    column("Holder", "Who holds it", object => object.spec.holderIdentity ?? ""),
    ageColumn,
  ],
});
