/**
 * `kubectl apply` keeps what it applied in an annotation. A `kubectl apply --server-side` that follows takes over
 * the fields that are still as applied, and keeps the annotation true
 * (apimachinery, managedfields/internal/lastappliedmanager.go and lastappliedupdater.go).
 */
import type { KubernetesObject } from "../../core/meta.ts";
import { apiVersionOf, type Kind } from "../../kinds/kind.ts";
import { configurationProblems } from "./check-applied.ts";
import { compareObjects } from "./compare.ts";
import { difference, type FieldSet, NO_FIELDS } from "./field-set.ts";
import { fieldsOf } from "./fields-of.ts";
import { asObject, type JsonObject } from "./members.ts";
import { compareText } from "./path-element.ts";

const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

/** Of all annotations of an object, as validation has it; beyond, the annotation goes. */
const ANNOTATIONS_MAX_BYTES = 256 * 1024;

export function fieldsLastApplied(kind: Kind, live: KubernetesObject): FieldSet {
  const applied = parse(live.metadata.annotations?.[ANNOTATION]);
  if (applied === undefined || applied.apiVersion !== apiVersionOf(kind)) return NO_FIELDS;
  if (configurationProblems(kind.schema, applied).length > 0) return NO_FIELDS;
  const { added, modified, removed } = compareObjects(kind.schema, applied, live, NO_FIELDS);
  return [modified, added, removed].reduce(difference, fieldsOf(kind.schema, applied));
}

function parse(text: string | undefined): JsonObject | undefined {
  if (!text) return undefined;
  try {
    return asObject(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** The object with the annotation telling of `applied`, where it has the annotation at all. */
export function withLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const metadata = asObject(object.metadata) ?? {};
  const annotations = asObject(metadata.annotations) ?? {};
  if (!annotations[ANNOTATION]) return object;
  const { [ANNOTATION]: _, ...others } = annotations;
  const text = configurationText(applied);
  const bytes = Object.entries({ ...others, [ANNOTATION]: text })
    .flat()
    .reduce((sum: number, each) => sum + utf8Length(String(each)), 0);
  const kept = bytes > ANNOTATIONS_MAX_BYTES ? others : { ...others, [ANNOTATION]: text };
  return { ...object, metadata: { ...metadata, annotations: kept } };
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function configurationText(applied: JsonObject): string {
  const metadata = asObject(applied.metadata) ?? {};
  const annotations = asObject(metadata.annotations);
  const { [ANNOTATION]: _, ...others } = annotations ?? {};
  const { annotations: __, ...rest } = metadata;
  const kept = Object.keys(others).length > 0 ? { ...rest, annotations: others } : rest;
  const text = JSON.stringify({ ...applied, metadata: kept }, sortMembers);
  const escaped = text.replace(
    /[<>&\u2028\u2029]/g,
    each => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${escaped}\n`;
}

/** As Go encodes a map. */
function sortMembers(_: string, value: unknown): unknown {
  const object = asObject(value);
  if (object === undefined) return value;
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => compareText(a, b)));
}
