/** The entry for EndpointSlice. */
import { type EndpointSlice, type EndpointSlicePort, endpointSlice } from "../../discovery/endpoint-slice.ts";
import { firstOf } from "../cells.ts";
import { ageColumn, column, kindEntry, nameColumn } from "../entry.ts";
import type { Kind } from "../kind.ts";
import { validateEndpointSlice, validateEndpointSliceUpdate } from "./validate.ts";

const UNSET = "<unset>";

const portText = ({ port, name }: EndpointSlicePort) => (port === undefined ? (name ?? "*") : String(port));

/** Of the version before v1, and not taken by this one. */
function dropTopology({ endpoints }: EndpointSlice): void {
  for (const endpoint of endpoints ?? []) delete endpoint.deprecatedTopology;
}

export const endpointSliceKind: Kind<EndpointSlice> = kindEntry<EndpointSlice>({
  kind: "EndpointSlice",
  group: "discovery.k8s.io",
  plural: "endpointslices",
  schema: endpointSlice,
  prepareCreate: dropTopology,
  prepareUpdate: dropTopology,
  validate: validateEndpointSlice,
  validateUpdate: validateEndpointSliceUpdate,
  generationOf: ({ metadata: { labels }, addressType, endpoints, ports }) => [
    labels,
    addressType,
    endpoints,
    ports,
  ],
  columns: [
    nameColumn,
    column("AddressType", "IPv4, IPv6 or FQDN", object => object.addressType),
    column("Ports", "The ports that its endpoints have", object =>
      firstOf((object.ports ?? []).map(portText), UNSET),
    ),
    column("Endpoints", "The addresses of its endpoints", object =>
      firstOf(
        (object.endpoints ?? []).flatMap(each => each.addresses ?? []),
        UNSET,
      ),
    ),
    ageColumn,
  ],
});
