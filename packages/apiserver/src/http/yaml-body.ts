/** A YAML or JSON document of a request's body, as upstream's server reads it (sigs.k8s.io/yaml). */
import { badRequest } from "@podwire/api";
import type { CST } from "yaml";
import { BODY_MAX_DEPTH } from "../limits.ts";

export interface YamlDocument {
  readonly value: unknown;
  /** What a strict reader refuses: a key that is there twice. */
  readonly faults: readonly string[];
}

/** Aliases that a document may use, so that a few lines cannot become gigabytes. */
const ALIASES_MAX = 100;

export async function parseYaml(body: Buffer): Promise<YamlDocument> {
  const { parseDocument, Parser, isNode } = await import("yaml");
  const text = body.toString("utf8");
  // Its parser keeps a stack of its own, its composer does not: too deep a document would end the process.
  if (isDeeper(new Parser().parse(text)))
    throw refuse(`exceeded max depth: it nests deeper than ${BODY_MAX_DEPTH}`);
  try {
    const options = {
      uniqueKeys: true,
      merge: true,
      version: "1.1",
      prettyErrors: true,
      logLevel: "error",
    } as const;
    const document = parseDocument(text, options);
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

/** Level by level, so that depth costs no stack. */
function isDeeper(documents: Iterable<CST.Token>): boolean {
  let level: readonly (CST.Token | null | undefined)[] = [...documents];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > BODY_MAX_DEPTH) return true;
    level = level.flatMap(token => {
      if (token == null) return [];
      if ("items" in token) return token.items.flatMap(item => [item.key, item.value]);
      return token.type === "document" ? [token.value] : [];
    });
  }
  return false;
}

function refuse(why: string) {
  const [line = ""] = why.split("\n");
  return badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${line}`);
}
