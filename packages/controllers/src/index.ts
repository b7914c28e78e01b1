/** Control loops over the API, one folder a controller. */
export { type ControllersOptions, startControllers } from "./controllers.ts";
export type { NodeRanges } from "./node-ipam/allocate.ts";
export { type ClusterRanges, nodeRanges } from "./node-ipam/cluster-cidrs.ts";
export { registryApi } from "./registry-api.ts";
