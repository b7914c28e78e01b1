/** The entry for Deployment. */
import { type Deployment, deployment } from "../../apps/deployment.ts";
import { containersColumn, imagesColumn, selectorText } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn, wideColumn } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";
import { defaultTemplate } from "../pod/defaults.ts";
import { scaleSubresource } from "../scale/scale.ts";
import { validateDeployment, validateDeploymentUpdate } from "./validate.ts";

function applyDefaults({ spec }: Deployment): void {
  const { strategy } = spec;
  if (strategy?.type === "RollingUpdate") {
    strategy.rollingUpdate = { maxUnavailable: "25%", maxSurge: "25%", ...strategy.rollingUpdate };
  }
  defaultTemplate(spec.template);
}

export const deploymentKind: Kind<Deployment> = kindEntry<Deployment>({
  kind: "Deployment",
  group: "apps",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  schema: deployment,
  applyDefaults,
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
  // Annotations are copied to its ReplicaSets.
  generationOf: ({ metadata, spec }) => [metadata.annotations, spec],
  subresources: [statusSubresource<Deployment>(undefined, ["labels"]), scaleSubresource<Deployment>()],
  columns: [
    nameColumn,
    column(
      "Ready",
      "Number of the pod with ready state",
      ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ),
    column(
      "Up-to-date",
      "How many Pods are of the newest template",
      object => object.status.updatedReplicas ?? 0,
      { type: "integer" },
    ),
    column(
      "Available",
      "How many Pods have been ready for long enough",
      object => object.status.availableReplicas ?? 0,
      { type: "integer" },
    ),
    ageColumn,
    containersColumn,
    imagesColumn,
    wideColumn("Selector", "The Pods that it counts", object => selectorText(object.spec.selector)),
  ],
});
