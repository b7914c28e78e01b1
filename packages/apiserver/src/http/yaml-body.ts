/** A YAML or JSON document of a request's body, as upstream's server reads it (sigs.k8s.io/yaml). */
import { badRequest } from "@podwire/api";

export interface YamlDocument {
  readonly value: unknown;
  /** What a strict reader refuses: a key that is there twice. */
  readonly faults: readonly string[];
}

/** Aliases that a document may use, so that a few lines cannot become gigabytes. */
const ALIASES_MAX = 100;

export async function parseYaml(body: Buffer): Promise<YamlDocument> {
  const { parseDocument, isNode } = await import("yaml");
  try {
    const options = { uniqueKeys: true, merge: true, version: "1.1", prettyErrors: true } as const;
    const document = parseDocument(body.toString("utf8"), options);
    const repeated = document.errors.filter(({ code }) => code === "DUPLICATE_KEY");
    const [error] = document.errors.filter(({ code }) => code !== "DUPLICATE_KEY");
    if (error !== undefined) throw refuse(error.message);
    const faults = repeated.map(({ linePos }) => `line ${linePos?.[0].line ?? 0}: key already set in map`);
    if (!isNode(document.contents)) return { value: null, faults };
    return { value: document.toJS({ maxAliasCount: ALIASES_MAX }), faults };
  } catch (error) {
    // Too deep, or too many aliases: the parser's own errors.
    throw error instanceof RangeError || error instanceof ReferenceError ? refuse(error.message) : error;
  }
}

function refuse(why: string) {
  const [line = ""] = why.split("\n");
  return badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${line}`);
}
