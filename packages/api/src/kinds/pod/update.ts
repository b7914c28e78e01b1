/** What of a Pod may change after its creation: ValidatePodUpdate. */
import type { Container } from "../../core/container.ts";
import type { Pod, PodSpec } from "../../core/pod.ts";
import type { Toleration } from "../../core/scheduling.ts";
import { type FieldError, fieldForbidden, fieldInvalid } from "../../validation/field-error.ts";
import { jsonEqual } from "../../values/equal.ts";

const MUTABLE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

export function validatePodUpdate(next: Pod, stored: Pod): FieldError[] {
  const resized = (["containers", "initContainers"] as const).filter(
    list => (next.spec[list] ?? []).length !== (stored.spec[list] ?? []).length,
  );
  if (resized.length > 0) {
    return resized.map(list =>
      fieldForbidden(`spec.${list}`, "pod updates may not add or remove containers"),
    );
  }
  const errors = [
    ...validateDeadline(next.spec, stored.spec),
    ...validateAddedTolerations(next.spec.tolerations ?? [], stored.spec.tolerations ?? []),
    ...validateGates(next.spec, stored.spec),
  ];
  const changed = immutableChanges(next.spec, stored.spec);
  if (changed.length > 0) errors.push(fieldForbidden("spec", `${MUTABLE}\nchanged: ${changed.join(", ")}`));
  return errors;
}

function validateDeadline(next: PodSpec, stored: PodSpec): FieldError[] {
  const field = "spec.activeDeadlineSeconds";
  const [to, from] = [next.activeDeadlineSeconds, stored.activeDeadlineSeconds];
  if (from === undefined || to === from) return [];
  if (to === undefined)
    return [fieldInvalid(field, to, `must not update from a positive integer to nil value`)];
  return to > from ? [fieldInvalid(field, to, "must be less than or equal to previous value")] : [];
}

/** New ones may come; those that are there stay, though for another time perhaps. */
function validateAddedTolerations(next: readonly Toleration[], stored: readonly Toleration[]): FieldError[] {
  const timeless = ({ tolerationSeconds: _, ...rest }: Toleration) => rest;
  const kept = stored.every(old => next.some(each => jsonEqual(timeless(each), timeless(old))));
  const detail = "existing toleration can not be modified except its tolerationSeconds";
  return kept ? [] : [fieldForbidden("spec.tolerations", detail)];
}

function validateGates(next: PodSpec, stored: PodSpec): FieldError[] {
  const before = new Set((stored.schedulingGates ?? []).map(gate => gate.name));
  return (next.schedulingGates ?? []).flatMap(({ name }, at) => {
    if (before.has(name)) return [];
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return [fieldForbidden(`spec.schedulingGates[${at}].name`, detail)];
  });
}

/** The fields that differ once those that may are left aside. */
function immutableChanges(next: PodSpec, stored: PodSpec): string[] {
  const [a, b] = [withoutMutable(next), withoutMutable(stored)] as Record<string, unknown>[];
  return [...new Set([...Object.keys(a!), ...Object.keys(b!)])]
    .filter(key => !jsonEqual(a![key], b![key]))
    .map(key => `spec.${key}`);
}

function withoutMutable(spec: PodSpec): object {
  const { activeDeadlineSeconds: _, tolerations: __, schedulingGates: ___, ...rest } = spec;
  const withoutImage = ({ image: _image, ...container }: Container) => container;
  return {
    ...rest,
    containers: rest.containers?.map(withoutImage),
    initContainers: rest.initContainers?.map(withoutImage),
  };
}
