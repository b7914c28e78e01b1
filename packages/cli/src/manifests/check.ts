/**
 * What can be said of a manifest before any server sees it: whether there is such a kind, and whether every field is
 * one of the kind's and of the right type. In upstream's words, with the place in the file.
 */
import { admit, allKinds, apiVersionOf, type Kind, kindOf, type Schema } from "@podwire/api";
import { closest } from "@podwire/lab";
import { UsageError } from "../errors.ts";
import type { Manifest } from "./read.ts";

/** Throws UsageError: the kind is not served. */
export function kindOfManifest({ object, placeOf }: Manifest): Kind {
  const kind = kindOf(object);
  if (kind) return kind;
  const known = allKinds.filter(each => apiVersionOf(each) === object.apiVersion).map(each => each.kind);
  if (known.length === 0) {
    const versions = [...new Set(allKinds.map(apiVersionOf))].join(", ");
    throw new UsageError(
      `${placeOf("apiVersion")}: apiVersion: there is no ${JSON.stringify(object.apiVersion)}; known are ${versions}`,
    );
  }
  const names = `${guessOf(object.kind, known)}; known are ${known.join(", ")}`;
  throw new UsageError(
    `${placeOf("kind")}: kind: there is no ${JSON.stringify(object.kind)} in ${object.apiVersion}${names}`,
  );
}

/** Throws UsageError with every unknown field, or with the first field of a wrong type. */
export function checkManifest(manifest: Manifest): void {
  const { object, placeOf } = manifest;
  const kind = kindOfManifest(manifest);
  const title = `${object.kind} ${JSON.stringify(object.metadata.name)}`;
  let warnings: readonly string[];
  try {
    warnings = admit(kind, object, "Warn").warnings;
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(`${placeOf(TYPE_ERROR.exec(message)?.[1] ?? "")}: ${title}: ${message}`, {
      cause: error,
    });
  }
  const unknown = warnings.flatMap(warning => UNKNOWN_FIELD.exec(warning)?.[1] ?? []);
  if (unknown.length === 0) return;
  const lines = unknown.map(path => {
    const guess = guessOf(path.slice(path.lastIndexOf(".") + 1), siblings(kind.schema, path));
    return `${placeOf(path)}: ${title}: strict decoding error: unknown field "${path}"${guess}`;
  });
  throw new UsageError(lines.join("\n"));
}

const UNKNOWN_FIELD = /^unknown field "(.+)"$/;
const TYPE_ERROR = /into Go struct field \w+?\.(\S+) of type/;

function guessOf(word: string, known: readonly string[]): string {
  const guess = closest(word, known);
  return guess === undefined ? "" : ` (did you mean "${guess}"?)`;
}

/** Names of the fields that the object which holds `path` has. */
function siblings(root: Schema, path: string): string[] {
  let schema: Schema | undefined = root;
  for (const name of path
    .replace(/\[\d+\]/g, "")
    .split(".")
    .slice(0, -1)) {
    schema = schema && inside(schema).get(name)?.schema;
    while (schema?.node === "list") schema = schema.items;
  }
  return schema ? [...inside(schema).keys()] : [];
}

function inside(schema: Schema): ReadonlyMap<string, { readonly schema: Schema }> {
  return schema.node === "object" ? schema.fields : new Map();
}
