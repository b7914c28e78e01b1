/** Control loops over the API, one folder a controller. */
export { type ClusterRanges, nodeRanges } from "./node-ipam/cluster-cidrs.ts";
