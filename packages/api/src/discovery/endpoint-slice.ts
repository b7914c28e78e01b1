/** EndpointSlice: some of the endpoints of a Service. */

import { objectReference } from "../core/event.ts";
import { namespacedMeta, typeMeta } from "../core/meta.ts";
import {
  bool,
  defaulted,
  emptySaysSo,
  enumOf,
  field,
  filled,
  type Infer,
  int32,
  list,
  map,
  object,
  required,
  string,
} from "../schema/schema.ts";

const endpointConditionsFields = {
  ready: field(1, bool, "Whether the endpoint takes connections; it counts as so, where nothing is said."),
  serving: field(2, bool, "Whether it can serve, even while it is ending."),
  terminating: field(3, bool, "Whether it is ending."),
};
export interface EndpointConditions extends Infer<typeof endpointConditionsFields> {}
export const endpointConditions = object<EndpointConditions>("EndpointConditions", endpointConditionsFields);

const forZoneFields = {
  name: field(1, filled(string, ""), "Name of the zone."),
};
export interface ForZone extends Infer<typeof forZoneFields> {}
export const forZone = object<ForZone>("ForZone", forZoneFields);

const forNodeFields = {
  name: field(1, filled(string, ""), "Name of the Node."),
};
export interface ForNode extends Infer<typeof forNodeFields> {}
export const forNode = object<ForNode>("ForNode", forNodeFields);

const endpointHintsFields = {
  forZones: field(1, list(forZone), "Zones whose traffic the endpoint should get."),
  forNodes: field(2, list(forNode), "Nodes whose traffic the endpoint should get."),
};
export interface EndpointHints extends Infer<typeof endpointHintsFields> {}
export const endpointHints = object<EndpointHints>("EndpointHints", endpointHintsFields);

const endpointFields = {
  addresses: field(
    1,
    required(list(string, { set: true }), "must contain at least 1 address"),
    "Addresses of the endpoint; only the first counts.",
  ),
  conditions: field(2, defaulted(endpointConditions, {}), "What holds of the endpoint."),
  hostname: field(3, emptySaysSo(string), "Host name of the endpoint in the Service's subdomain."),
  targetRef: field(4, objectReference, "The object that the endpoint is of."),
  deprecatedTopology: field(5, map(string), "Deprecated: labels of its place."),
  nodeName: field(6, emptySaysSo(string), "The Node that it is on."),
  zone: field(7, emptySaysSo(string), "The zone that it is in."),
  hints: field(8, endpointHints, "Whose traffic it should get."),
};
export interface Endpoint extends Infer<typeof endpointFields> {}
export const endpoint = object<Endpoint>("Endpoint", endpointFields, {
  doc: "Endpoint is one backend of a Service.",
});

const endpointPortFields = {
  name: field(1, defaulted(string, ""), "Name of the port, as the Service has it."),
  protocol: field(2, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), "Protocol of the port."),
  port: field(3, int32, "Number of the port."),
  appProtocol: field(4, emptySaysSo(string), "Protocol spoken inside, such as http or kubernetes.io/h2c."),
};
export interface EndpointSlicePort extends Infer<typeof endpointPortFields> {}
const endpointPort = object<EndpointSlicePort>("EndpointPort", endpointPortFields, { atomic: true });

const endpointSliceFields = {
  ...typeMeta,
  metadata: field(
    1,
    required(namespacedMeta),
    "Name, namespace, labels and the rest that every object carries.",
  ),
  endpoints: field(2, filled(list(endpoint), []), "The endpoints of this slice."),
  ports: field(3, list(endpointPort), "Ports of each of the endpoints."),
  addressType: field(4, required(enumOf("IPv4", "IPv6", "FQDN")), "Family of the addresses."),
};
export interface EndpointSlice extends Infer<typeof endpointSliceFields> {}
export const endpointSlice = object<EndpointSlice>("EndpointSlice", endpointSliceFields, {
  doc: "EndpointSlice holds some of the endpoints of a Service.",
});
