/** The entry for Service. */
import { type Service, service } from "../../core/service.ts";
import { dns1035LabelProblems } from "../../validation/names.ts";
import { kindEntry, selectable } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";
import { serviceColumns } from "./columns.ts";
import { defaultService } from "./defaults.ts";
import { prepareNewService, prepareServiceUpdate } from "./prepare.ts";
import { validateService } from "./validate.ts";
import { validateServiceStatus } from "./validate-status.ts";
import { validateServiceUpdate } from "./validate-update.ts";
import { serviceWarnings } from "./warnings.ts";

export const serviceKind: Kind<Service> = kindEntry<Service>({
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  returnsDeleted: true,
  schema: service,
  nameProblems: dns1035LabelProblems,
  applyDefaults: defaultService,
  prepareCreate: prepareNewService,
  prepareUpdate: prepareServiceUpdate,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  warnings: serviceWarnings,
  selectableFields: selectable<Service>({
    "spec.clusterIP": object => object.spec.clusterIP ?? "",
    "spec.type": object => object.spec.type ?? "",
  }),
  createsOnUpdate: true,
  subresources: [statusSubresource<Service>(validateServiceStatus)],
  columns: serviceColumns,
});
