/** Names that Services, Endpoints and EndpointSlices are marked with (k8s.io/api: core/v1, discovery/v1). */
export const SERVICE_NAME = "kubernetes.io/service-name";
export const SLICE_MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const HEADLESS = "service.kubernetes.io/headless";
export const ZONE = "topology.kubernetes.io/zone";
/** An annotation: when what the latest write answers to has happened. */
export const LAST_CHANGE = "endpoints.kubernetes.io/last-change-trigger-time";
