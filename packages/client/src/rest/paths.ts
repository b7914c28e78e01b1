/** Paths of the API: `/api/v1/namespaces/NS/pods/NAME/SUBRESOURCE?QUERY`. */
import { apiVersionOf, type FieldSelector, formatLabelMatcher, type Kind } from "@podwire/api";
import type { ObjectRef, Selection } from "../api.ts";

/** What a path takes from a kind. */
type KindPath = Pick<Kind, "group" | "version" | "plural" | "namespaced">;

export function collectionPath(kind: KindPath, namespace: string | undefined): string {
  const root = kind.group === "" ? "/api" : "/apis";
  const scope =
    kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}/${apiVersionOf(kind)}${scope}/${kind.plural}`;
}

export function objectPath(kind: KindPath, ref: ObjectRef, subresource?: string): string {
  const path = `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

/** Without what is undefined; a list becomes a repeated parameter. */
export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    for (const each of values) parameters.append(name, String(each));
  }
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}

export function selectionQuery({ labels, fields }: Selection): Query {
  return {
    labelSelector: labels?.length ? formatLabelMatcher(labels) : undefined,
    fieldSelector: fields?.length ? formatFieldSelector(fields) : undefined,
  };
}

function formatFieldSelector(fields: FieldSelector): string {
  const escaped = (value: string) => value.replace(/[\\,=]/g, character => `\\${character}`);
  return fields.map(({ field, operator, value }) => `${field}${operator}${escaped(value)}`).join(",");
}
