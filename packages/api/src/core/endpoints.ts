/** Endpoints: the older, single-object form of what EndpointSlices hold. */
import {
  defaulted,
  emptySaysSo,
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
  ip: field(1, required(string), "The address; never of loopback or link-local."),
  targetRef: field(2, objectReference, "The object that the address belongs to."),
  hostname: field(3, string, "Host name of this address in the Service's subdomain."),
  nodeName: field(4, emptySaysSo(string), "The Node that the address is on."),
};
export interface EndpointAddress extends Infer<typeof endpointAddressFields> {}
export const endpointAddress = object<EndpointAddress>("EndpointAddress", endpointAddressFields, {
  atomic: true,
});

const endpointPortFields = {
  name: field(1, string, "Name of the port, as the Service has it."),
  port: field(2, required(int32), "Number of the port."),
  protocol: field(3, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), "Protocol of the port."),
  appProtocol: field(4, emptySaysSo(string), "Protocol spoken inside, such as http or kubernetes.io/h2c."),
};
export interface EndpointPort extends Infer<typeof endpointPortFields> {}
export const endpointPort = object<EndpointPort>("EndpointPort", endpointPortFields, { atomic: true });

const endpointSubsetFields = {
  addresses: field(1, list(endpointAddress), "Addresses that are ready for connections."),
  notReadyAddresses: field(2, list(endpointAddress), "Addresses that are not ready yet."),
  ports: field(3, list(endpointPort), "Ports of each of these addresses."),
};
export interface EndpointSubset extends Infer<typeof endpointSubsetFields> {}
export const endpointSubset = object<EndpointSubset>("EndpointSubset", endpointSubsetFields);

const endpointsFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  subsets: field(2, list(endpointSubset), "Addresses with the ports that they share."),
};
export interface Endpoints extends Infer<typeof endpointsFields> {}
export const endpoints = object<Endpoints>("Endpoints", endpointsFields, {
  doc: "Endpoints are the addresses behind a Service; EndpointSlice is their newer form.",
});
