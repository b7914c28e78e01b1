/** The entry for Pod. */
import { type Pod, pod } from "../../core/pod.ts";
import { fieldInvalid } from "../../validation/field-error.ts";
import { dnsSubdomainProblems } from "../../validation/names.ts";
import { kindEntry, selectable } from "../entry.ts";
import { type Kind, type Subresource, specOf, statusSubresource } from "../kind.ts";
import { podColumns } from "./columns.ts";
import { defaultPod, prepareNewPod } from "./defaults.ts";
import { validatePodUpdate } from "./update.ts";
import { validatePod } from "./validate.ts";

/** `binding`: the Pod gets its node, and says so in its conditions. Who may do so when is for the registry. */
const binding: Subresource<Pod> = {
  name: "binding",
  verbs: ["create"],
  take: (stored, next) => ({
    ...stored,
    spec: { ...stored.spec, nodeName: next.spec.nodeName },
    status: { ...stored.status, conditions: next.status.conditions },
  }),
  validate: ({ spec }) =>
    dnsSubdomainProblems(spec.nodeName ?? "").map(text => fieldInvalid("target.name", spec.nodeName, text)),
};

export const podKind: Kind<Pod> = kindEntry<Pod>({
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  returnsDeleted: true,
  schema: pod,
  applyDefaults: defaultPod,
  prepareCreate: prepareNewPod,
  prepareUpdate: (next, stored) => {
    next.status = stored.status;
    // Ephemeral containers and the node are written through their subresources.
    next.spec.ephemeralContainers = stored.spec.ephemeralContainers;
  },
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  subresources: [statusSubresource<Pod>(undefined, ["ownerReferences"]), binding],
  generationOf: specOf,
  deletion: { mode: "graceful", graceSeconds },
  selectableFields: selectable<Pod>({
    "spec.nodeName": object => object.spec.nodeName ?? "",
    "spec.restartPolicy": object => object.spec.restartPolicy ?? "",
    "spec.schedulerName": object => object.spec.schedulerName ?? "",
    "spec.serviceAccountName": object => object.spec.serviceAccountName ?? "",
    "spec.hostNetwork": object => String(object.spec.hostNetwork ?? false),
    "status.phase": object => object.status.phase ?? "",
    "status.podIP": object => object.status.podIPs?.[0]?.ip ?? object.status.podIP ?? "",
    "status.podIPs": object => object.status.podIPs?.[0]?.ip ?? object.status.podIP ?? "",
    "status.nominatedNodeName": object => object.status.nominatedNodeName ?? "",
  }),
  columns: podColumns,
});

/** Nobody has to be waited for when the Pod has no node, or has ended (podStrategy.CheckGracefulDelete). */
function graceSeconds({ spec, status }: Pod, requested: number | undefined): number {
  if (!spec.nodeName || status.phase === "Failed" || status.phase === "Succeeded") return 0;
  return requested ?? spec.terminationGracePeriodSeconds ?? 0;
}
