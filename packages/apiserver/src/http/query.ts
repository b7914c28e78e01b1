/** Query parameters: each read in one place, each with its error when it is not what it should be. */
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldNotSupported,
  invalid,
  parseFieldSelector,
  parseLabelSelector,
} from "@podwire/api";
import type { DeleteRequest, ListOptions } from "../registry/registry.ts";

export type Query = URLSearchParams;

function refuse(options: string, error: FieldError): never {
  throw invalid("meta.k8s.io", options, "", [error]);
}

export function readFlag(query: Query, name: string): boolean {
  const value = query.get(name);
  return value === "true" || value === "1" || value === "";
}

/** A whole number that is not negative; undefined when absent. */
export function readCount(query: Query, options: string, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  return refuse(options, fieldInvalid(name, text, "must be a whole number, not negative"));
}

export interface ReadOptions extends ListOptions {
  /** Undefined: the newest. 0: any. */
  readonly resourceVersion: number | undefined;
  readonly resourceVersionMatch: "Exact" | "NotOlderThan" | undefined;
}

export function readListOptions(query: Query, namespace: string | undefined): ReadOptions {
  const match = query.get("resourceVersionMatch") || undefined;
  if (match !== undefined && match !== "Exact" && match !== "NotOlderThan") {
    refuse("ListOptions", fieldNotSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]));
  }
  return {
    namespace,
    labels: parseLabelSelector(query.get("labelSelector") ?? ""),
    fields: parseFieldSelector(query.get("fieldSelector") ?? ""),
    // A limit of 0 is no limit.
    limit: readCount(query, "ListOptions", "limit") || undefined,
    continueToken: query.get("continue") || undefined,
    resourceVersion: readCount(query, "ListOptions", "resourceVersion"),
    resourceVersionMatch: match as ReadOptions["resourceVersionMatch"],
  };
}

/** What upstream refuses of a list, in its words. */
export function checkListOptions(options: ReadOptions): void {
  const { resourceVersion, resourceVersionMatch, continueToken } = options;
  const field = "resourceVersionMatch";
  if (resourceVersionMatch === undefined) {
    if (continueToken && resourceVersion) {
      const detail = "specifying resource version is not allowed when using continue";
      refuse("ListOptions", fieldInvalid("resourceVersion", String(resourceVersion), detail));
    }
    return;
  }
  if (continueToken) {
    refuse(
      "ListOptions",
      fieldForbidden(field, "resourceVersionMatch is forbidden when continue is provided"),
    );
  }
  if (resourceVersion === undefined) {
    const detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
    refuse("ListOptions", fieldForbidden(field, detail));
  }
  if (resourceVersionMatch === "Exact" && resourceVersion === 0) {
    const detail = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"';
    refuse("ListOptions", fieldForbidden(field, detail));
  }
}

export interface WatchParameters {
  readonly sendInitialEvents: boolean | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
}

export function readWatchParameters(query: Query, { resourceVersionMatch }: ReadOptions): WatchParameters {
  const initial = query.get("sendInitialEvents");
  const sendInitialEvents = initial === null ? undefined : readFlag(query, "sendInitialEvents");
  if (sendInitialEvents === undefined && resourceVersionMatch !== undefined) {
    const detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
    refuse("ListOptions", fieldForbidden("resourceVersionMatch", detail));
  }
  if (sendInitialEvents !== undefined && resourceVersionMatch !== "NotOlderThan") {
    const detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    refuse("ListOptions", fieldForbidden("resourceVersionMatch", detail));
  }
  return {
    sendInitialEvents,
    allowWatchBookmarks: readFlag(query, "allowWatchBookmarks") && query.has("allowWatchBookmarks"),
    timeoutSeconds: readCount(query, "ListOptions", "timeoutSeconds") || undefined,
  };
}

function readDryRun(query: Query): boolean {
  const dryRun = query.getAll("dryRun").filter(value => value !== "");
  const unknown = dryRun.find(value => value !== "All");
  if (unknown !== undefined) refuse("DeleteOptions", fieldNotSupported("dryRun", [unknown], ["All"]));
  return dryRun.length > 0;
}

const PROPAGATION_POLICIES = ["Background", "Foreground", "Orphan"];

/** Options in the query; those of the body come on top. */
export function readDeleteRequest(query: Query): DeleteRequest {
  const propagationPolicy = query.get("propagationPolicy") || undefined;
  if (propagationPolicy !== undefined && !PROPAGATION_POLICIES.includes(propagationPolicy)) {
    refuse("DeleteOptions", fieldNotSupported("propagationPolicy", propagationPolicy, PROPAGATION_POLICIES));
  }
  return {
    dryRun: readDryRun(query),
    gracePeriodSeconds: readCount(query, "DeleteOptions", "gracePeriodSeconds"),
    propagationPolicy: propagationPolicy as DeleteRequest["propagationPolicy"],
  };
}
