/** Lease: who holds something, and until when; the heartbeat of a node. */

import { namespacedMeta, typeMeta } from "../core/meta.ts";
import {
  defaulted,
  emptySaysSo,
  field,
  type Infer,
  int32,
  microTime,
  object,
  required,
  string,
} from "../schema/schema.ts";

const leaseSpecFields = {
  holderIdentity: field(1, emptySaysSo(string), "Who holds the lease."),
  leaseDurationSeconds: field(
    2,
    int32,
    "Seconds that others wait, counted from the last renewal, before they take it.",
  ),
  acquireTime: field(3, microTime, "When its holder got it."),
  renewTime: field(4, microTime, "When its holder last renewed it."),
  leaseTransitions: field(5, int32, "How often it changed hands."),
  strategy: field(6, string, "How the next holder is chosen."),
  preferredHolder: field(7, string, "Who should take it over."),
};
export interface LeaseSpec extends Infer<typeof leaseSpecFields> {}
export const leaseSpec = object<LeaseSpec>("LeaseSpec", leaseSpecFields, {
  doc: "LeaseSpec says who holds a Lease and for how long.",
});

const leaseFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  spec: field(2, defaulted(leaseSpec, {}), "Who holds the lease and for how long."),
};
export interface Lease extends Infer<Omit<typeof leaseFields, "spec">> {
  spec: LeaseSpec;
}
export const lease = object<Lease>("Lease", leaseFields, {
  doc: "Lease says who is in charge of something, for a while.",
});
