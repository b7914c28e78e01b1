/** Content negotiation: JSON, and as what: the objects themselves, a Table, or their metadata alone. */
import { notAcceptable } from "@podwire/api";

export type View = "object" | "table" | "metadata";

const ACCEPTED = ["application/json"];
const JSON_TYPES = ["application/json", "application/*", "*/*"];
const VIEWS: Record<string, View> = {
  Table: "table",
  PartialObjectMetadata: "metadata",
  PartialObjectMetadataList: "metadata",
};

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export function parseMediaType(text: string): MediaType {
  const [type = "", ...parameters] = text.split(";").map(part => part.trim());
  const pairs = parameters.map(part => part.split("=", 2) as [string, string | undefined]);
  return {
    type: type.toLowerCase(),
    parameters: new Map(pairs.map(([name, value = ""]) => [name.trim().toLowerCase(), value.trim()])),
  };
}

/** The first type of the header that can be served. Throws NotAcceptable when there is none. */
export function negotiateView(accept: string | undefined): View {
  for (const text of (accept || "*/*").split(",")) {
    const { type, parameters } = parseMediaType(text);
    if (!JSON_TYPES.includes(type)) continue;
    const as = parameters.get("as");
    if (as === undefined) return "object";
    const view = Object.hasOwn(VIEWS, as) ? VIEWS[as] : undefined;
    if (view !== undefined && parameters.get("v") === "v1" && parameters.get("g") === "meta.k8s.io")
      return view;
  }
  throw notAcceptable(ACCEPTED);
}

/** The version of aggregated discovery that is asked for first; undefined: the older, unaggregated documents. */
export function negotiateDiscovery(accept: string | undefined): "v2" | "v2beta1" | undefined {
  for (const text of (accept ?? "").split(",")) {
    const { parameters } = parseMediaType(text);
    const version = parameters.get("v");
    if (parameters.get("g") !== "apidiscovery.k8s.io") continue;
    if (parameters.get("as") !== "APIGroupDiscoveryList") continue;
    if (version === "v2" || version === "v2beta1") return version;
  }
  return undefined;
}
