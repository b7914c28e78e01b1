/**
 * Label selectors, in the text form of queries (`app=web,tier in (a,b),!old`) and the object form of specs
 * (`matchLabels`, `matchExpressions`). Both become a list of requirements, all of which must hold.
 */
import type { LabelSelector } from "../core/meta.ts";
import { badRequest } from "../errors.ts";
import { labelKeyProblems, labelValueProblems } from "../validation/names.ts";

export type Labels = Readonly<Record<string, string>>;

/** An empty list selects everything. */
export type LabelMatcher = readonly LabelRequirement[];

export interface LabelRequirement {
  readonly key: string;
  readonly operator: "in" | "notin" | "exists" | "!" | "gt" | "lt";
  readonly values: readonly string[];
}

export function matchesLabels(matcher: LabelMatcher, labels: Labels | undefined): boolean {
  return matcher.every(requirement => matchesRequirement(requirement, labels));
}

function matchesRequirement(requirement: LabelRequirement, labels: Labels | undefined): boolean {
  const { key, operator, values } = requirement;
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "in":
      return value !== undefined && values.includes(value);
    case "notin":
      return value === undefined || !values.includes(value);
    case "gt":
    case "lt":
      return value !== undefined && compareIntegers(value, values[0]!, operator);
  }
}

const INTEGER = /^[+-]?\d+$/;

function compareIntegers(value: string, bound: string, operator: "gt" | "lt"): boolean {
  if (!INTEGER.test(value) || !INTEGER.test(bound)) return false;
  return operator === "gt" ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

const SPEC_OPERATORS = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!" } as const;

/** A selector as specs have it. Absent selects nothing, empty everything (as upstream's LabelSelectorAsSelector). */
export function labelMatcher(selector: LabelSelector | undefined): LabelMatcher | undefined {
  if (selector === undefined) return undefined;
  const equal = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): LabelRequirement => ({ key, operator: "in", values: [value] }),
  );
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values }): LabelRequirement => ({
      key,
      operator: SPEC_OPERATORS[operator],
      values: values ?? [],
    }),
  );
  return [...equal, ...expressions];
}

/** One requirement of the text form; the comma inside of parentheses belongs to the requirement. */
const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EXISTS = /^(!?)\s*([^\s!=<>(),]+)$/;
const COMPARE = /^([^\s!=<>(),]+)\s*(==|=|!=|>|<)\s*([^\s!=<>(),]*)$/;
const COMPARISONS = { "=": "in", "==": "in", "!=": "notin", ">": "gt", "<": "lt" } as const;

/** Throws a BadRequest that names what could not be parsed. */
export function parseLabelSelector(text: string): LabelMatcher {
  if (text.trim() === "") return [];
  return splitOutsideParentheses(text).map(part => checked(text, parseRequirement(text, part.trim())));
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}

function parseRequirement(text: string, part: string): LabelRequirement {
  const set = SET.exec(part);
  if (set) {
    const values = set[3]!.split(",").map(value => value.trim());
    return { key: set[1]!, operator: set[2] as "in" | "notin", values };
  }
  const compare = COMPARE.exec(part);
  if (compare) {
    const operator = COMPARISONS[compare[2] as keyof typeof COMPARISONS];
    return { key: compare[1]!, operator, values: [compare[3]!] };
  }
  const exists = EXISTS.exec(part);
  if (exists) return { key: exists[2]!, operator: exists[1] === "!" ? "!" : "exists", values: [] };
  throw badRequest(
    `unable to parse requirement: found '${part}', expected: identifier, or one of =, ==, !=, in, notin, >, < in "${text}"`,
  );
}

function checked(text: string, requirement: LabelRequirement): LabelRequirement {
  const { key, operator, values } = requirement;
  const problems = [
    ...labelKeyProblems(key).map(problem => `key: Invalid value: ${JSON.stringify(key)}: ${problem}`),
    ...values.flatMap((value, at) =>
      labelValueProblems(value).map(
        problem => `values[${at}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`,
      ),
    ),
  ];
  if ((operator === "gt" || operator === "lt") && !INTEGER.test(values[0]!)) {
    problems.push(
      `values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  if (problems.length > 0)
    throw badRequest(`unable to parse requirement: ${problems.join("; ")} in "${text}"`);
  return requirement;
}

/** The text form, for clients that send a selector on. */
export function formatLabelMatcher(matcher: LabelMatcher): string {
  const signs = { gt: ">", lt: "<" } as const;
  return matcher
    .map(({ key, operator, values }) => {
      if (operator === "exists") return key;
      if (operator === "!") return `!${key}`;
      if (operator === "gt" || operator === "lt") return `${key}${signs[operator]}${values[0]}`;
      if (values.length === 1) return `${key}${operator === "in" ? "=" : "!="}${values[0]}`;
      return `${key} ${operator} (${values.join(",")})`;
    })
    .join(",");
}
