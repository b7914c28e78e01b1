/** Cells that the tables of several kinds share: kubernetes/pkg/printers/internalversion. */
import type { Container } from "../core/container.ts";
import type { LabelSelector } from "../core/meta.ts";
import type { PodTemplateSpec } from "../core/pod-template.ts";
import { wideColumn } from "./entry.ts";
import type { Column } from "./kind.ts";

export const NONE = "<none>";

/** `app=web,tier=front`, or `<none>`. */
export function labelsCell(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? NONE : pairs.sort().join(",");
}

/** The text form of a selector, sorted by key; "" when it selects everything, or nothing for want of one. */
export function selectorText(selector: LabelSelector | undefined): string {
  const equal = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => [key, `${key}=${value}`]);
  const others = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    const set = `(${[...values].sort().join(",")})`;
    const texts = {
      In: `${key} in ${set}`,
      NotIn: `${key} notin ${set}`,
      Exists: key,
      DoesNotExist: `!${key}`,
    };
    return [key, texts[operator]];
  });
  const sorted = [...equal, ...others].sort(([a], [b]) => (a! < b! ? -1 : a! > b! ? 1 : 0));
  return sorted.map(([, text]) => text).join(",");
}

export function selectorCell(selector: LabelSelector | undefined): string {
  return selectorText(selector) || NONE;
}

interface WithTemplate {
  spec: { template?: PodTemplateSpec | undefined };
}

const containersOf = ({ spec }: WithTemplate): readonly Container[] => spec.template?.spec?.containers ?? [];

export const containersColumn: Column<WithTemplate> = wideColumn(
  "Containers",
  "Names of each container in the template.",
  object =>
    containersOf(object)
      .map(each => each.name)
      .join(","),
);

export const imagesColumn: Column<WithTemplate> = wideColumn(
  "Images",
  "Images referenced by each container in the template.",
  object =>
    containersOf(object)
      .map(each => each.image ?? "")
      .join(","),
);

const LISTED = 3;

/** The first three, and how many more there are. */
export function firstOf(values: readonly string[], none: string): string {
  const shown = values.slice(0, LISTED).join(",");
  if (values.length > LISTED) return `${shown} + ${values.length - LISTED} more...`;
  return shown || none;
}

interface Address {
  ip?: string | undefined;
  hostname?: string | undefined;
}

interface Status {
  loadBalancer?: { ingress?: readonly Address[] | undefined } | undefined;
}

/** Where a load balancer can be reached, each once, sorted. */
export function loadBalancerAddresses(status: Status): string[] {
  const addresses = (status.loadBalancer?.ingress ?? []).map(each => each.ip || each.hostname || "");
  return [...new Set(addresses.filter(address => address !== ""))].sort();
}
