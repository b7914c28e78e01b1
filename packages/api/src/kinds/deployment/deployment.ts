/** The entry for Deployment. */
import { type Deployment, deployment } from "../../apps/deployment.ts";
import { kindEntry } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";

export const deploymentKind: Kind<Deployment> = kindEntry<Deployment>({
  kind: "Deployment",
  group: "apps",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  schema: deployment,
  countsGenerations: true,
  subresources: [statusSubresource<Deployment>(undefined, ["labels"])],
});
