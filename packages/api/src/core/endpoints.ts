/** Endpoints: the older, single-object form of what EndpointSlices hold. */
import {
  defaulted,
  enumOf,
  field,
  type Infer,
  int32,
  list,
  object,
  required,
  string,
} from "../schema/schema.ts";
import { objectReference } from "./event.ts";
import { namespacedMeta, typeMeta } from "./meta.ts";

const endpointAddressFields = {
  ip: field(1, required(string), ""),
  targetRef: field(2, objectReference, ""),
  hostname: field(3, string, ""),
  nodeName: field(4, string, ""),
};
export interface EndpointAddress extends Infer<typeof endpointAddressFields> {}
export const endpointAddress = object<EndpointAddress>("EndpointAddress", endpointAddressFields, {
  atomic: true,
});

const endpointPortFields = {
  name: field(1, string, ""),
  port: field(2, required(int32), ""),
  protocol: field(3, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), ""),
  appProtocol: field(4, string, ""),
};
export interface EndpointPort extends Infer<typeof endpointPortFields> {}
export const endpointPort = object<EndpointPort>("EndpointPort", endpointPortFields, { atomic: true });

const endpointSubsetFields = {
  addresses: field(1, list(endpointAddress), ""),
  notReadyAddresses: field(2, list(endpointAddress), ""),
  ports: field(3, list(endpointPort), ""),
};
export interface EndpointSubset extends Infer<typeof endpointSubsetFields> {}
export const endpointSubset = object<EndpointSubset>("EndpointSubset", endpointSubsetFields);

const endpointsFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  subsets: field(2, list(endpointSubset), ""),
};
export interface Endpoints extends Infer<typeof endpointsFields> {}
export const endpoints = object<Endpoints>("Endpoints", endpointsFields);
