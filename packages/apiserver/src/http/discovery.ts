/**
 * Discovery: which groups, versions, kinds and verbs there are, read off the kind table. Two forms: the aggregated
 * one (one document, what newer clients ask for) and the older documents a group each.
 */
import { type Kind, servedKinds, type Verb } from "@podwire/api";
import { HEALTH_PATHS } from "./health.ts";
import { streamSubresources } from "./streams/table.ts";

/** What clients get from a path: a kind of some group. */
interface ResponseKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface Resource {
  /** `pods` or `pods/status` */
  readonly path: string;
  readonly of: Kind;
  readonly response: ResponseKind;
  readonly verbs: readonly string[];
}

/** Of the parts of a Pod that are orders, and not parts: what is sent to them. */
const ORDERS: Readonly<
  Record<string, readonly { name: string; verbs: readonly Verb[]; response: ResponseKind }[]>
> = {
  pods: [
    { name: "eviction", verbs: ["create"], response: { group: "policy", version: "v1", kind: "Eviction" } },
  ],
};

export function resourcesOf(kind: Kind): Resource[] {
  const { group, version, plural } = kind;
  const own = (name: string) => ({ group, version, kind: name });
  const parts = [
    ...kind.subresources.map(({ name, verbs, form }) => ({
      name,
      verbs,
      response: form ? responseOf(form.kind) : own(name === "binding" ? "Binding" : kind.kind),
    })),
    ...streamSubresources(kind).map(({ name, verbs, responseKind }) => ({
      name,
      verbs,
      response: own(responseKind),
    })),
    ...((group === "" && ORDERS[plural]) || []),
  ];
  const itself = { path: plural, of: kind, response: responseOf(kind), verbs: kind.verbs };
  const sorted = parts.sort((a, b) => (a.name < b.name ? -1 : 1));
  return [itself, ...sorted.map(({ name, ...part }) => ({ path: `${plural}/${name}`, of: kind, ...part }))];
}

function responseOf({ group, version, kind }: Kind): ResponseKind {
  return { group, version, kind };
}

/** In the order of upstream's priorities, by which clients choose among kinds of one name. */
const GROUPS = [
  "",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "batch",
  "networking.k8s.io",
  // Without kinds of its own: here clients look whether Pods can be evicted.
  "policy",
  "coordination.k8s.io",
  "discovery.k8s.io",
];
const NAMED_GROUPS = GROUPS.filter(group => group !== "");
const VERSION = "v1";

/** What GET / answers: every path that is not one of a kind or an object. */
export function rootPaths(): string[] {
  const groups = NAMED_GROUPS.flatMap(group => [`/apis/${group}`, `/apis/${group}/${VERSION}`]);
  const others = ["/api", `/api/${VERSION}`, "/apis", "/openapi/v2", "/openapi/v3", "/version"];
  return [...others, ...groups, ...HEALTH_PATHS].sort();
}

function kindsOf(group: string): Kind[] {
  return servedKinds.filter(kind => kind.group === group).sort((a, b) => (a.plural < b.plural ? -1 : 1));
}

/** The document of a path; undefined for a path that is not discovery's. `aggregated` is the version asked for. */
export function discoveryDocument(
  pathname: string,
  aggregated: "v2" | "v2beta1" | undefined,
  serverAddress: string,
): object | undefined {
  const [root, ...rest] = pathname.replace(/\/$/, "").split("/").slice(1);
  if (root === "api") {
    if (rest.length === 0) return aggregated ? aggregate([""], aggregated) : legacyVersions(serverAddress);
    return rest.length === 1 ? resourceList("", rest[0]!) : undefined;
  }
  if (root !== "apis") return undefined;
  if (rest.length === 0) return aggregated ? aggregate(NAMED_GROUPS, aggregated) : groupList();
  const [group = "", version, ...beyond] = rest;
  if (beyond.length > 0 || !NAMED_GROUPS.includes(group)) return undefined;
  return version === undefined
    ? { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) }
    : resourceList(group, version);
}

function legacyVersions(serverAddress: string): object {
  const serverAddressByClientCIDRs = [{ clientCIDR: "0.0.0.0/0", serverAddress }];
  return { kind: "APIVersions", versions: [VERSION], serverAddressByClientCIDRs };
}

function groupList(): object {
  return { kind: "APIGroupList", apiVersion: "v1", groups: NAMED_GROUPS.map(groupEntry) };
}

function groupEntry(group: string): object {
  const version = { groupVersion: `${group}/${VERSION}`, version: VERSION };
  return { name: group, versions: [version], preferredVersion: version };
}

function resourceList(group: string, version: string): object | undefined {
  if (version !== VERSION) return undefined;
  const groupVersion = group === "" ? version : `${group}/${version}`;
  const resources = kindsOf(group).flatMap(resourcesOf).map(legacyResource);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}

function legacyResource({ path, of, response, verbs }: Resource): object {
  const isOther = response.group !== of.group || response.version !== of.version;
  return {
    name: path,
    singularName: path === of.plural ? of.singular : "",
    namespaced: of.namespaced,
    ...(isOther && { group: response.group, version: response.version }),
    kind: response.kind,
    verbs,
    ...(path === of.plural && naming(of)),
  };
}

function naming({ shortNames, categories }: Kind): object {
  return { ...(shortNames.length > 0 && { shortNames }), ...(categories.length > 0 && { categories }) };
}

function aggregate(named: readonly string[], version: "v2" | "v2beta1"): object {
  const items = named.map(group => ({
    metadata: { name: group, creationTimestamp: null },
    versions: [{ version: VERSION, resources: kindsOf(group).map(aggregatedKind), freshness: "Current" }],
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

function aggregatedKind(kind: Kind): object {
  const [, ...parts] = resourcesOf(kind);
  const subresources = parts.map(({ path, response, verbs }) => ({
    subresource: path.slice(kind.plural.length + 1),
    responseKind: response,
    verbs,
  }));
  return {
    resource: kind.plural,
    responseKind: responseOf(kind),
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...naming(kind),
    ...(subresources.length > 0 && { subresources }),
  };
}
