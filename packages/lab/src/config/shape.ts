/**
 * Shapes: a field of lab.yaml is described once, here in data, and both the parser (`read.ts`) and the
 * published JSON Schema (`json-schema.ts`) follow that description, so that they cannot disagree.
 */

export interface StringShape {
  readonly type: "string";
  /** What is allowed, in words, as the end of an error: "must be …". */
  readonly allowed: string;
  readonly pattern?: string;
  readonly values?: readonly string[];
  readonly maxLength?: number;
  /** A check that a pattern cannot express; the JSON Schema is looser by exactly this. */
  readonly accepts?: (value: string) => boolean;
}

export interface IntegerShape {
  readonly type: "integer";
  readonly minimum: number;
  readonly maximum: number;
}

export interface ListShape {
  readonly type: "list";
  readonly items: Shape;
  readonly minItems: number;
  readonly maxItems: number;
}

/** Free keys, such as labels. */
export interface MapShape {
  readonly type: "map";
  readonly key: StringShape;
  readonly value: StringShape;
  readonly maxEntries: number;
}

export interface Field {
  readonly shape: Shape;
  readonly description: string;
  readonly default?: unknown;
}

export interface ObjectShape {
  readonly type: "object";
  readonly fields: Readonly<Record<string, Field>>;
  readonly required: readonly string[];
  /** Exactly one of these sets of fields must be there, and nothing of the others. */
  readonly oneOf?: readonly (readonly string[])[];
}

export type Shape = StringShape | IntegerShape | ListShape | MapShape | ObjectShape;

const NOUNS = {
  string: "a string",
  integer: "an integer",
  list: "a list",
  map: "a map",
  object: "a map",
} as const;

/** What a shape allows, as it ends an error message. */
export function allowedBy(shape: Shape): string {
  switch (shape.type) {
    case "string":
      return shape.values ? `must be ${listWords(shape.values)}` : `must be ${shape.allowed}`;
    case "integer":
      return `must be an integer from ${shape.minimum} to ${shape.maximum}`;
    case "list":
      return `must be a list of ${shape.minItems} to ${shape.maxItems} items`;
    case "map":
      return `must be a map of at most ${shape.maxEntries} strings`;
    case "object":
      return `must be a map with ${listWords(Object.keys(shape.fields), "and")}`;
  }
}

export function noun(shape: Shape): string {
  return NOUNS[shape.type];
}

export function listWords(words: readonly string[], last: "or" | "and" = "or"): string {
  if (words.length <= 1) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
