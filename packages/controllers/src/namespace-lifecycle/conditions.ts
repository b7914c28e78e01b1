/**
 * What a Namespace that is being deleted says about how far it is (upstream: pkg/controller/namespace/deletion):
 * five conditions, each True with what is in the way, or False with that nothing is.
 */
import type { KubernetesObject, NamespaceCondition } from "@podwire/api";

/** What is left of one kind. */
export interface Remaining {
  /** `pods`, `deployments.apps` */
  readonly resource: string;
  readonly items: readonly KubernetesObject[];
}

type Finding = Pick<NamespaceCondition, "type" | "status" | "reason" | "message">;

/** `failures`: what the deletion of content was refused with. Keeps the time of a condition whose status stays. */
export function deletionConditions(
  remaining: readonly Remaining[],
  failures: readonly string[],
  before: readonly NamespaceCondition[],
  now: string,
): NamespaceCondition[] {
  const findings = [
    fine("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    fine(
      "NamespaceDeletionGroupVersionParsingFailure",
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    deletion(failures),
    content(remaining),
    finalizers(remaining),
  ];
  const others = before.filter(({ type }) => !findings.some(each => each.type === type));
  return [...others, ...findings.map(each => ({ ...each, lastTransitionTime: since(each, before, now) }))];
}

function since(finding: Finding, before: readonly NamespaceCondition[], now: string): string {
  const same = before.find(({ type, status }) => type === finding.type && status === finding.status);
  return same?.lastTransitionTime ?? now;
}

const fine = (type: string, reason: string, message: string): Finding => ({
  type,
  status: "False",
  reason,
  message,
});

function deletion(failures: readonly string[]): Finding {
  const type = "NamespaceDeletionContentFailure";
  if (failures.length === 0) {
    return fine(type, "ContentDeleted", "All content successfully deleted, may be waiting on finalization");
  }
  const list = [...failures].sort().join(", ");
  const message = `Failed to delete all resource types, ${failures.length} remaining: ${list}`;
  return { type, status: "True", reason: "ContentDeletionFailed", message };
}

function content(remaining: readonly Remaining[]): Finding {
  const type = "NamespaceContentRemaining";
  if (remaining.length === 0) return fine(type, "ContentRemoved", "All content successfully removed");
  const parts = remaining.map(({ resource, items }) => `${resource} has ${items.length} resource instances`);
  const message = `Some resources are remaining: ${parts.sort().join(", ")}`;
  return { type, status: "True", reason: "SomeResourcesRemain", message };
}

function finalizers(remaining: readonly Remaining[]): Finding {
  const type = "NamespaceFinalizersRemaining";
  const counts = new Map<string, number>();
  for (const { metadata } of remaining.flatMap(({ items }) => items)) {
    for (const each of metadata.finalizers ?? []) counts.set(each, (counts.get(each) ?? 0) + 1);
  }
  if (counts.size === 0) {
    return fine(type, "ContentHasNoFinalizers", "All content-preserving finalizers finished");
  }
  const parts = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  const message = `Some content in the namespace has finalizers remaining: ${parts.sort().join(", ")}`;
  return { type, status: "True", reason: "SomeFinalizersRemain", message };
}
