/** The entry for Node: kubernetes/pkg/apis/core/validation, ValidateNode and ValidateNodeUpdate. */
import { parseInterfaceAddress } from "@podwire/wire/cidr";
import { type Node, node } from "../../core/node.ts";
import {
  type FieldError,
  fieldDuplicate,
  fieldForbidden,
  fieldInvalid,
} from "../../validation/field-error.ts";
import { labelKeyProblems, labelValueProblems } from "../../validation/names.ts";
import { kindEntry, selectable } from "../entry.ts";
import { type Kind, statusSubresource } from "../kind.ts";
import { nodeColumns } from "./columns.ts";

function validateNode({ spec }: Node): FieldError[] {
  return [...validateTaints(spec.taints ?? []), ...validatePodCidrs(spec.podCIDRs ?? [])];
}

function validateTaints(taints: NonNullable<Node["spec"]["taints"]>): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [at, { key, value = "", effect }] of taints.entries()) {
    // Upstream's words for it.
    const field = `metadata.taints[${at}]`;
    errors.push(...labelKeyProblems(key ?? "").map(problem => fieldInvalid(`${field}.key`, key, problem)));
    errors.push(...labelValueProblems(value).map(problem => fieldInvalid(`${field}.value`, value, problem)));
    const identity = JSON.stringify([key, effect]);
    if (seen.has(identity)) {
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: null };
      const detail = "taints must be unique by key and effect pair";
      errors.push({ ...fieldDuplicate(field, shown), detail });
    }
    seen.add(identity);
  }
  return errors;
}

function validatePodCidrs(cidrs: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const families = cidrs.map(text => parseInterfaceAddress(text)?.family);
  for (const [at, cidr] of cidrs.entries()) {
    if (families[at] !== undefined) continue;
    const detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    errors.push(fieldInvalid(`spec.podCIDRs[${at}]`, cidr, detail));
  }
  if (errors.length === 0 && new Set(families).size < families.length) {
    const detail = "may specify no more than one CIDR for each IP family";
    errors.push(fieldInvalid("spec.podCIDRs", cidrs, detail));
  }
  return errors;
}

function validateNodeUpdate(next: Node, stored: Node): FieldError[] {
  const errors: FieldError[] = [];
  const storedCidrs = stored.spec.podCIDRs ?? [];
  if (storedCidrs.length > 0 && storedCidrs.join() !== (next.spec.podCIDRs ?? []).join()) {
    errors.push(
      fieldForbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid'),
    );
  }
  if (stored.spec.providerID && stored.spec.providerID !== next.spec.providerID) {
    errors.push(
      fieldForbidden("spec.providerID", 'node updates may not change providerID except from "" to valid'),
    );
  }
  if (stored.spec.externalID !== next.spec.externalID) {
    errors.push(fieldForbidden("spec.externalID", "may not be updated"));
  }
  return errors;
}

/** `podCIDR` is the first of `podCIDRs`, kept for older readers. */
function alignPodCidrs(object: Node): void {
  const { spec } = object;
  if (spec.podCIDR && spec.podCIDR !== spec.podCIDRs?.[0]) spec.podCIDRs = [spec.podCIDR];
  const first = spec.podCIDRs?.[0];
  if (first !== undefined) spec.podCIDR = first;
}

export const nodeKind: Kind<Node> = kindEntry<Node>({
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  namespaced: false,
  schema: node,
  applyDefaults: object => {
    alignPodCidrs(object);
    const { status } = object;
    if (status?.capacity !== undefined) status.allocatable ??= { ...status.capacity };
  },
  // A node registers with its status.
  prepareCreate: () => {},
  prepareUpdate: (next, stored) => {
    next.status = stored.status;
  },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  subresources: [statusSubresource<Node>()],
  selectableFields: selectable<Node>({
    "spec.unschedulable": object => String(object.spec.unschedulable ?? false),
  }),
  columns: nodeColumns,
});
