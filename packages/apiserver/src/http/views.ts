/**
 * How an object is shown: itself, as the row of a Table (`kubectl get`), or by its metadata alone. A Table carries
 * with each row the object's metadata, or the object, or nothing, as `includeObject` says.
 */
import type { Kind, KubernetesObject } from "@podwire/api";
import type { ListResult, Stored } from "../registry/registry.ts";
import type { View } from "./negotiate.ts";

export type IncludeObject = "None" | "Metadata" | "Object";

export interface Shown {
  readonly kind: Kind;
  readonly view: View;
  readonly includeObject: IncludeObject;
  readonly nowMs: number;
}

const META_VERSION = "meta.k8s.io/v1";

function metadataOnly({ metadata }: KubernetesObject): object {
  return { kind: "PartialObjectMetadata", apiVersion: META_VERSION, metadata };
}

function columnDefinitions(kind: Kind): object[] {
  return kind.columns.map(({ name, type, format = "", description, priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
}

function row({ kind, includeObject, nowMs }: Shown, stored: Stored): object {
  const cells = kind.columns.map(column => column.cell(stored.object, nowMs));
  if (includeObject === "None") return { cells };
  return { cells, object: includeObject === "Object" ? stored.object : metadataOnly(stored.object) };
}

function table(shown: Shown, metadata: object, items: readonly Stored[], withColumns: boolean): object {
  return {
    kind: "Table",
    apiVersion: META_VERSION,
    metadata,
    columnDefinitions: withColumns ? columnDefinitions(shown.kind) : null,
    rows: items.map(item => row(shown, item)),
  };
}

/** One object. In a watch only the first Table names its columns. */
export function showObject(shown: Shown, stored: Stored, withColumns = true): Uint8Array {
  if (shown.view === "object") return stored.json;
  if (shown.view === "metadata") return encode(metadataOnly(stored.object));
  const metadata = { resourceVersion: String(stored.revision) };
  return encode(table(shown, metadata, [stored], withColumns));
}

/** A list, in pieces: objects are sent as the bytes they are kept as. */
export function* showList(shown: Shown, result: ListResult<KubernetesObject>): Iterable<Uint8Array> {
  const metadata = {
    resourceVersion: String(result.revision),
    ...(result.continueToken && { continue: result.continueToken }),
    ...(result.remaining && { remainingItemCount: result.remaining }),
  };
  if (shown.view === "table") {
    yield encode(table(shown, metadata, result.items, true));
    return;
  }
  const isMetadata = shown.view === "metadata";
  const kind = isMetadata ? "PartialObjectMetadataList" : shown.kind.listKind;
  const apiVersion = isMetadata
    ? META_VERSION
    : [shown.kind.group, shown.kind.version].filter(Boolean).join("/");
  yield Buffer.from(`${JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1)},"items":[`);
  let isFirst = true;
  for (const item of result.items) {
    if (!isFirst) yield COMMA;
    isFirst = false;
    yield showObject(shown, item);
  }
  yield END;
}

const COMMA = Buffer.from(",");
const END = Buffer.from("]}");

function encode(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
