/** Field selectors: `status.phase!=Running,spec.nodeName=node-1`, over the fields that a kind lets be selected. */
import type { KubernetesObject } from "../core/meta.ts";
import { badRequest } from "../errors.ts";
import type { Kind } from "../kinds/kind.ts";

/** An empty list selects everything. */
export type FieldSelector = readonly FieldRequirement[];

export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

const REQUIREMENT = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/;

/** Throws a BadRequest on text that is no selector. */
export function parseFieldSelector(text: string): FieldSelector {
  if (text.trim() === "") return [];
  return splitUnescaped(text).map(part => {
    const match = REQUIREMENT.exec(part.trim());
    if (!match) {
      throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    }
    return { field: match[1]!, operator: match[2] === "!=" ? "!=" : "=", value: unescaped(match[3]!) };
  });
}

/** A backslash takes away the meaning of the comma, equals sign or backslash after it. */
function splitUnescaped(text: string): string[] {
  return text.split(/(?<!(?<!\\)\\),/);
}

function unescaped(value: string): string {
  return value.replace(/\\([\\,=])/g, "$1");
}

const COMMON: Record<string, (object: KubernetesObject) => string> = {
  "metadata.name": object => object.metadata.name,
  "metadata.namespace": object => object.metadata.namespace ?? "",
};

function reader<T extends KubernetesObject>(
  kind: Kind<T>,
  field: string,
): ((object: T) => string) | undefined {
  if (field === "metadata.namespace" && !kind.namespaced) return undefined;
  if (Object.hasOwn(COMMON, field)) return COMMON[field];
  return kind.selectableFields.find(each => each.field === field)?.read;
}

/** The selector as a predicate. Throws a BadRequest that lists the kind's fields when it names another. */
export function fieldMatcher<T extends KubernetesObject>(
  kind: Kind<T>,
  selector: FieldSelector,
): (object: T) => boolean {
  const tests = selector.map(({ field, operator, value }) => {
    const read = reader(kind, field);
    if (read === undefined) throw badRequest(`field label not supported: ${field}`);
    return (object: T) => (read(object) === value) === (operator === "=");
  });
  return object => tests.every(test => test(object));
}
