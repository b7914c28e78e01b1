/**
 * Manifests -> objects: files, directories (their .yaml, .yml and .json files by name, not deeper) and stdin,
 * several YAML documents a file, `kind: List` taken apart. Errors name file, line and column.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { type Document, isCollection, isMap, isNode, isScalar, LineCounter, parseAllDocuments } from "yaml";
import { UsageError } from "../errors.ts";

/** A manifest's bytes; more is refused unread. */
const MAX_MANIFEST_BYTES = 16 << 20;

export interface ManifestObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
}

export interface Manifest {
  readonly object: ManifestObject;
  /** `file:line:column` of the object, for messages. */
  readonly source: string;
  /** The same of one of its fields, such as `spec.containers[0].image`; of the object for a field it does not have. */
  readonly placeOf: (field: string) => string;
}

/** All objects of `paths`, in their order. Throws UsageError. */
export async function readManifests(
  paths: readonly string[],
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const path of paths) {
    if (path === "-") {
      manifests.push(...parseManifest(await readAll(stdin), "(stdin)"));
      continue;
    }
    for (const file of filesOf(path)) manifests.push(...parseManifest(readText(file), file));
  }
  if (manifests.length === 0) throw new UsageError(`${paths.join(", ")}: holds no objects`);
  return manifests;
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const files = readdirSync(path).filter(name => [".yaml", ".yml", ".json"].includes(extname(name)));
    return files.sort().map(name => join(path, name));
  } catch (error) {
    throw unreadable(path, error);
  }
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > MAX_MANIFEST_BYTES) {
      throw new UsageError(`${path}: has ${size} bytes, at most ${MAX_MANIFEST_BYTES} are read`);
    }
    return readFileSync(path, "utf8");
  } catch (error) {
    throw error instanceof UsageError ? error : unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException;
  const reason = code === "ENOENT" ? "no such file" : `cannot be read (${code})`;
  return new UsageError(`${path}: ${reason}`, { cause: error });
}

export function parseManifest(text: string, file: string): Manifest[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false }) as Document[];
  return documents.flatMap(document => {
    const placeAt = (offset: number) => {
      const { line, col } = lines.linePos(offset);
      return `${file}:${line}:${col}`;
    };
    const [error] = document.errors;
    if (error) throw new UsageError(`${placeAt(error.pos[0])}: ${error.message}`);
    // An empty document, such as after a final "---".
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
      return [];
    const source = placeAt(document.contents.range?.[0] ?? 0);
    if (!isCollection(document.contents))
      throw new UsageError(`${source}: is no object: a manifest is a map`);
    const placeOf = (path: Path) => {
      const offset = offsetOf(document, path);
      return offset === undefined ? undefined : placeAt(offset);
    };
    return takeApart(document.toJS() as unknown, source, [], placeOf);
  });
}

type Path = readonly (string | number)[];

/** Where the field begins, at its name where it has one. */
function offsetOf(document: Document, path: Path): number | undefined {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last);
    return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node: unknown = document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}

function takeApart(
  value: unknown,
  source: string,
  at: Path,
  placeOf: (path: Path) => string | undefined,
): Manifest[] {
  const object = value as Partial<ManifestObject> & { items?: unknown };
  if (object.kind === "List" && Array.isArray(object.items)) {
    return object.items.flatMap((item, index) =>
      takeApart(item, `${source} items[${index}]`, [...at, "items", index], placeOf),
    );
  }
  for (const field of ["apiVersion", "kind"] as const) {
    if (typeof object[field] === "string" && object[field] !== "") continue;
    throw new UsageError(`${source}: ${field}: is missing, must be a string such as ${EXAMPLES[field]}`);
  }
  const name: unknown = object.metadata?.name;
  if (typeof name !== "string" || name === "") {
    throw new UsageError(`${source}: metadata.name: is missing, must be the name of the ${object.kind}`);
  }
  const placeOfField = (field: string) => placeOf([...at, ...pathOf(field)]) ?? source;
  return [{ object: object as ManifestObject, source, placeOf: placeOfField }];
}

/** `spec.containers[0].image` -> spec, containers, 0, image */
function pathOf(field: string): Path {
  return [...field.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([name, index]) =>
    index === undefined ? name : Number(index),
  );
}

const EXAMPLES = { apiVersion: "v1", kind: "Pod" } as const;
