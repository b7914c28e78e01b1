/** Names that Services, Endpoints and EndpointSlices are marked with (k8s.io/api: core/v1, discovery/v1). */
export const SERVICE_NAME = "kubernetes.io/service-name";
export const SLICE_MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const HEADLESS = "service.kubernetes.io/headless";
export const ZONE = "topology.kubernetes.io/zone";
/** An annotation: when what the latest write answers to has happened. */
export const LAST_CHANGE = "endpoints.kubernetes.io/last-change-trigger-time";
/** Annotations: addresses were left out; who leads, in Endpoints that are a lock (client-go, resourcelock). */
export const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
export const LEADER = "control-plane.alpha.kubernetes.io/leader";
export const ENDPOINTS_MANAGED_BY = "endpoints.kubernetes.io/managed-by";
export const SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror";
/** Annotations that do not go from Endpoints to their slices. */
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** Who writes slices. */
export const SLICE_MANAGER = "endpointslice-controller.k8s.io";
export const MIRRORING_MANAGER = "endpointslicemirroring-controller.k8s.io";
