/**
 * What a request's path names:
 *
 *   /api/v1/nodes/node-1                           kind, name
 *   /api/v1/namespaces/default/pods                namespace, kind
 *   /apis/apps/v1/namespaces/default/deployments/web/scale     …, name, subresource
 *   /api/v1/namespaces/default/pods/web:80/proxy/a/b           …, of a path beyond
 */
import { badRequest, type Kind, kindByPath } from "@podwire/api";

export interface Target {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Subresources of a Namespace itself, which would else read as kinds in it. */
const NAMESPACE_SUBRESOURCES = ["status", "finalize"];

/** What follows it is a path of who is proxied to. */
const PROXY = "proxy";

/** Undefined for a path that names no kind that the server has. */
export function parseTarget(pathname: string): Target | undefined {
  const segments = pathname.split("/").slice(1).map(decodeSegment);
  const [root, ...rest] = segments;
  if (root === "api") return parseResource("", rest);
  if (root === "apis" && rest.length > 0) return parseResource(rest[0]!, rest.slice(1));
  return undefined;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`the path segment ${JSON.stringify(segment)} is not percent-encoded UTF-8`);
  }
}

function parseResource(group: string, [version = "", ...path]: readonly string[]): Target | undefined {
  if (path.at(-1) === "") path.pop();
  const [first, namespace, third, ...more] = path;
  if (first === "namespaces" && third !== undefined && !NAMESPACE_SUBRESOURCES.includes(third)) {
    return targetOf(group, version, third, namespace, more);
  }
  return first === undefined ? undefined : targetOf(group, version, first, undefined, path.slice(1));
}

function targetOf(
  group: string,
  version: string,
  plural: string,
  namespace: string | undefined,
  [name, subresource, ...beyond]: readonly string[],
): Target | undefined {
  const kind = kindByPath(group, version, plural);
  if (kind === undefined || (beyond.length > 0 && subresource !== PROXY)) return undefined;
  if (namespace !== undefined && !kind.namespaced) return undefined;
  if (!isSegment(namespace) || !isSegment(name)) return undefined;
  // An object of a namespaced kind is only found in its namespace; a list may span all of them.
  if (name !== undefined && kind.namespaced && namespace === undefined) return undefined;
  return { kind, namespace, name, subresource };
}

/** An empty namespace would mean all of them, and a slash would reach into another. */
function isSegment(text: string | undefined): boolean {
  return text === undefined || (text !== "" && !text.includes("/"));
}
