/**
 * Whether an applied configuration fits the schema of its kind (structured-merge-diff, typed/validate.go): only
 * fields that the kind has, values of their types, and no item of a list twice.
 */
import type { ListSchema, ObjectSchema, ScalarSchema, Schema } from "../../schema/schema.ts";
import { goSyntax, goText } from "../go-text.ts";
import { isGranularList, listElement } from "./list-element.ts";
import { memberSchema } from "./members.ts";
import { describePathElement, memberElement } from "./path-element.ts";

/** Problems in upstream's words, each with its path: `.spec.foo: field not declared in schema`. */
export function configurationProblems(schema: ObjectSchema, configuration: unknown): string[] {
  const problems: Problem[] = [];
  check(schema, configuration, "", problems);
  return problems.map(({ path, text }) => (path === "" ? text : `${path}: ${text}`));
}

interface Problem {
  readonly path: string;
  readonly text: string;
}

function check(schema: Schema, value: unknown, path: string, problems: Problem[]): void {
  if (value === null || value === undefined) return;
  switch (schema.node) {
    case "scalar": {
      const text = scalarProblem(schema, value);
      if (text !== undefined) problems.push({ path, text });
      return;
    }
    case "list":
      if (Array.isArray(value)) checkItems(schema, value, path, problems);
      else problems.push({ path, text: `expected list, got &{${goText(value)}}` });
      return;
    default:
      if (typeof value === "object" && !Array.isArray(value)) checkMembers(schema, value, path, problems);
      else problems.push({ path, text: `expected map, got &{${goText(value)}}` });
  }
}

function checkMembers(schema: Schema, object: object, path: string, problems: Problem[]): void {
  for (const [name, value] of Object.entries(object)) {
    const inner = memberSchema(schema, name);
    const innerPath = path + describePathElement(memberElement(name));
    if (inner !== undefined) check(inner, value, innerPath, problems);
    else {
      problems.push({ path: innerPath, text: "field not declared in schema" });
      return;
    }
  }
}

function checkItems(list: ListSchema, items: readonly unknown[], path: string, problems: Problem[]): void {
  const seen = new Set<string>();
  for (const [at, item] of items.entries()) {
    let place = `[${at}]`;
    if (isGranularList(list)) {
      try {
        const element = listElement(list, item);
        place = describePathElement(element);
        if (seen.has(element)) problems.push({ path, text: `duplicate entries for key ${place}` });
        seen.add(element);
      } catch (error) {
        problems.push({ path, text: `element ${at}: ${(error as Error).message}` });
        return;
      }
    }
    check(list.items, item, path + place, problems);
  }
}

function scalarProblem({ format }: ScalarSchema, value: unknown): string | undefined {
  switch (format) {
    case "any":
      return undefined;
    case "string":
    case "bytes":
      if (typeof value === "string") return undefined;
      return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case "bool":
      return typeof value === "boolean" ? undefined : `expected boolean, got &{${goText(value)}}`;
    case "int32":
    case "int64":
    case "double":
      if (typeof value === "number") return undefined;
      return `expected numeric (int or float), got ${goKind(value)}`;
    default:
      return typeof value === "object" ? `expected any scalar, got &{${goText(value)}}` : undefined;
  }
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  return typeof value === "boolean" ? "bool" : "string";
}
