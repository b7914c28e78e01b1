/** Control loops over the API, one folder a controller. */

export { type ControllersOptions, startControllers } from "./controllers.ts";
export type { ApiServerEndpoint } from "./kubernetes-service/kubernetes-service.ts";
export type { PoolOptions } from "./load-balancer/pools.ts";
export type { NodeRanges } from "./node-ipam/allocate.ts";
export { type ClusterRanges, nodeRanges } from "./node-ipam/cluster-cidrs.ts";
export { registryApi } from "./registry-api.ts";
