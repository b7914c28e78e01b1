/** The entry for Service. */
import { type Service, service } from "../../core/service.ts";
import { kindEntry, selectable } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";
import { serviceColumns } from "./columns.ts";
import { defaultService } from "./defaults.ts";

export const serviceKind: Kind<Service> = kindEntry<Service>({
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  schema: service,
  applyDefaults: defaultService,
  selectableFields: selectable<Service>({
    "spec.clusterIP": object => object.spec.clusterIP ?? "",
    "spec.type": object => object.spec.type ?? "",
  }),
  createsOnUpdate: true,
  subresources: [statusSubresource<Service>()],
  columns: serviceColumns,
});
