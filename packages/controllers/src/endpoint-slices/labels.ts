/** The labels of a slice: the Service's own and those that say whose it is. */
import type { Service } from "@podwire/api";
import { HEADLESS, SERVICE_NAME, SLICE_MANAGED_BY } from "../service-endpoints/names.ts";
import { isHeadless } from "../service-endpoints/pod-endpoint.ts";

export function sliceLabels(service: Service, manager: string): Record<string, string> {
  // These three a Service cannot hand down.
  const {
    [HEADLESS]: _,
    [SERVICE_NAME]: __,
    [SLICE_MANAGED_BY]: ___,
    ...labels
  } = service.metadata.labels ?? {};
  return {
    ...labels,
    ...(isHeadless(service) && { [HEADLESS]: "" }),
    [SERVICE_NAME]: service.metadata.name,
    [SLICE_MANAGED_BY]: manager,
  };
}
