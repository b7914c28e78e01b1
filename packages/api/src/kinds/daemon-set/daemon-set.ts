/** The entry for DaemonSet. */
import { type DaemonSet, daemonSet } from "../../apps/daemon-set.ts";
import { kindEntry } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";

export const daemonSetKind: Kind<DaemonSet> = kindEntry<DaemonSet>({
  kind: "DaemonSet",
  group: "apps",
  plural: "daemonsets",
  shortNames: ["ds"],
  categories: ["all"],
  schema: daemonSet,
  countsGenerations: true,
  subresources: [statusSubresource<DaemonSet>()],
});
