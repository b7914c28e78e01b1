/** The entry for Service. */
import { type Service, service } from "../../core/service.ts";
import { kindEntry } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";
import { serviceColumns } from "./columns.ts";

export const serviceKind: Kind<Service> = kindEntry<Service>({
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  schema: service,
  subresources: [statusSubresource<Service>()],
  columns: serviceColumns,
});
