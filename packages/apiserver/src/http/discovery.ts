/**
 * Discovery: which groups, versions, kinds and verbs there are, read off the kind table. Two forms: the aggregated
 * one (one document, what newer clients ask for) and the older documents a group each.
 */
import { allKinds, type Kind } from "@podwire/api";
import { streamSubresources } from "./streams/table.ts";

const OBJECT_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

export interface Resource {
  /** `pods` or `pods/status` */
  readonly path: string;
  readonly kind: Kind;
  readonly responseKind: string;
  readonly verbs: readonly string[];
}

export function resourcesOf(kind: Kind): Resource[] {
  const parts = kind.subresources.map(({ name, verbs }) => ({
    path: `${kind.plural}/${name}`,
    kind,
    responseKind: name === "binding" ? "Binding" : kind.kind,
    verbs,
  }));
  const streams = streamSubresources(kind).map(({ name, verbs, responseKind }) => ({
    path: `${kind.plural}/${name}`,
    kind,
    responseKind,
    verbs,
  }));
  const itself = { path: kind.plural, kind, responseKind: kind.kind, verbs: OBJECT_VERBS };
  return [itself, ...[...parts, ...streams].sort((a, b) => (a.path < b.path ? -1 : 1))];
}

const groups = [...new Set(allKinds.map(kind => kind.group))];
const versionsOf = (group: string) => [
  ...new Set(allKinds.filter(kind => kind.group === group).map(kind => kind.version)),
];

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
  const named = groups.filter(group => group !== "");
  if (rest.length === 0) return aggregated ? aggregate(named, aggregated) : groupList(named);
  const [group = "", version, ...beyond] = rest;
  if (beyond.length > 0 || !named.includes(group)) return undefined;
  return version === undefined
    ? { apiVersion: "v1", kind: "APIGroup", ...groupEntry(group) }
    : resourceList(group, version);
}

function legacyVersions(serverAddress: string): object {
  const serverAddressByClientCIDRs = [{ clientCIDR: "0.0.0.0/0", serverAddress }];
  return { kind: "APIVersions", versions: versionsOf(""), serverAddressByClientCIDRs };
}

function groupList(named: readonly string[]): object {
  return { kind: "APIGroupList", apiVersion: "v1", groups: named.map(groupEntry) };
}

function groupEntry(group: string): object {
  const versions = versionsOf(group).map(version => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function resourceList(group: string, version: string): object | undefined {
  const found = allKinds.filter(kind => kind.group === group && kind.version === version);
  if (found.length === 0) return undefined;
  const groupVersion = group === "" ? version : `${group}/${version}`;
  const resources = found.flatMap(resourcesOf).map(({ path, kind, responseKind, verbs }) => ({
    name: path,
    singularName: path === kind.plural ? kind.singular : "",
    namespaced: kind.namespaced,
    kind: responseKind,
    verbs,
    ...(path === kind.plural && naming(kind)),
  }));
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}

function naming({ shortNames, categories }: Kind): object {
  return { ...(shortNames.length > 0 && { shortNames }), ...(categories.length > 0 && { categories }) };
}

function aggregate(named: readonly string[], version: "v2" | "v2beta1"): object {
  const items = named.map(group => ({
    metadata: { name: group, creationTimestamp: null },
    versions: versionsOf(group).map(each => ({
      version: each,
      resources: allKinds.filter(kind => kind.group === group && kind.version === each).map(aggregatedKind),
      freshness: "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

function aggregatedKind(kind: Kind): object {
  const [, ...subresources] = resourcesOf(kind);
  return {
    resource: kind.plural,
    responseKind: responseKind(kind, kind.kind),
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: OBJECT_VERBS,
    ...naming(kind),
    subresources: subresources.map(each => ({
      subresource: each.path.slice(kind.plural.length + 1),
      responseKind: responseKind(kind, each.responseKind),
      verbs: each.verbs,
    })),
  };
}

function responseKind({ group, version }: Kind, kind: string): object {
  return { group, version, kind };
}
