/** Lease: who holds something, and until when; the heartbeat of a node. */

import { namespacedMeta, typeMeta } from "../core/meta.ts";
import { field, type Infer, int32, microTime, object, required, string } from "../schema/schema.ts";

const leaseSpecFields = {
  holderIdentity: field(1, string, ""),
  leaseDurationSeconds: field(2, int32, ""),
  acquireTime: field(3, microTime, ""),
  renewTime: field(4, microTime, ""),
  leaseTransitions: field(5, int32, ""),
  strategy: field(6, string, ""),
  preferredHolder: field(7, string, ""),
};
export interface LeaseSpec extends Infer<typeof leaseSpecFields> {}
export const leaseSpec = object<LeaseSpec>("LeaseSpec", leaseSpecFields);

const leaseFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  spec: field(2, required(leaseSpec), ""),
};
export interface Lease extends Infer<typeof leaseFields> {}
export const lease = object<Lease>("Lease", leaseFields);
