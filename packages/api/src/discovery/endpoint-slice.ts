/** EndpointSlice: some of the endpoints of a Service. */

import { objectReference } from "../core/event.ts";
import { namespacedMeta, typeMeta } from "../core/meta.ts";
import {
  bool,
  defaulted,
  enumOf,
  field,
  type Infer,
  int32,
  list,
  map,
  object,
  required,
  string,
} from "../schema/schema.ts";

const endpointConditionsFields = {
  ready: field(1, bool, ""),
  serving: field(2, bool, ""),
  terminating: field(3, bool, ""),
};
export interface EndpointConditions extends Infer<typeof endpointConditionsFields> {}
export const endpointConditions = object<EndpointConditions>("EndpointConditions", endpointConditionsFields);

const forZoneFields = {
  name: field(1, required(string), ""),
};
export interface ForZone extends Infer<typeof forZoneFields> {}
export const forZone = object<ForZone>("ForZone", forZoneFields);

const forNodeFields = {
  name: field(1, required(string), ""),
};
export interface ForNode extends Infer<typeof forNodeFields> {}
export const forNode = object<ForNode>("ForNode", forNodeFields);

const endpointHintsFields = {
  forZones: field(1, list(forZone), ""),
  forNodes: field(2, list(forNode), ""),
};
export interface EndpointHints extends Infer<typeof endpointHintsFields> {}
export const endpointHints = object<EndpointHints>("EndpointHints", endpointHintsFields);

const endpointFields = {
  addresses: field(1, required(list(string, { set: true })), ""),
  conditions: field(2, endpointConditions, ""),
  hostname: field(3, string, ""),
  targetRef: field(4, objectReference, ""),
  deprecatedTopology: field(5, map(string), ""),
  nodeName: field(6, string, ""),
  zone: field(7, string, ""),
  hints: field(8, endpointHints, ""),
};
export interface Endpoint extends Infer<typeof endpointFields> {}
export const endpoint = object<Endpoint>("Endpoint", endpointFields);

const endpointPortFields = {
  name: field(1, defaulted(string, ""), ""),
  protocol: field(2, defaulted(enumOf("TCP", "UDP", "SCTP"), "TCP"), ""),
  port: field(3, int32, ""),
  appProtocol: field(4, string, ""),
};
export interface EndpointSlicePort extends Infer<typeof endpointPortFields> {}
const endpointPort = object<EndpointSlicePort>("EndpointPort", endpointPortFields, { atomic: true });

const endpointSliceFields = {
  ...typeMeta,
  metadata: field(1, required(namespacedMeta), ""),
  endpoints: field(2, required(list(endpoint)), ""),
  ports: field(3, list(endpointPort), ""),
  addressType: field(4, required(enumOf("IPv4", "IPv6", "FQDN")), ""),
};
export interface EndpointSlice extends Infer<typeof endpointSliceFields> {}
export const endpointSlice = object<EndpointSlice>("EndpointSlice", endpointSliceFields);
