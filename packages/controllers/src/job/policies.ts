/** What a Job's policies make of failures and successes; pure (upstream: pod_failure_policy.go, success_policy.go). */
import type { ContainerStatus, Job, Pod, PodFailurePolicyOnExitCodesRequirement } from "@podwire/api";
import { parseIndexes } from "./indexes.ts";

export interface FailureVerdict {
  /** Whether the failure counts against the back-off limit. */
  readonly counts: boolean;
  /** The whole Job fails, for this reason. */
  readonly failsJob?: string;
  readonly failsIndex?: true;
}

/** The first rule that matches decides; a failure that none matches counts. */
export function judgeFailure({ spec }: Job, pod: Pod): FailureVerdict {
  for (const [at, { action, onExitCodes, onPodConditions = [] }] of (
    spec.podFailurePolicy?.rules ?? []
  ).entries()) {
    const what = onExitCodes ? exitCodeMatch(pod, onExitCodes) : conditionMatch(pod, onPodConditions);
    if (what === undefined) continue;
    if (action === "Ignore") return { counts: false };
    if (action === "FailIndex") return { counts: true, failsIndex: true };
    if (action === "Count") return { counts: true };
    return { counts: true, failsJob: `${what} matching FailJob rule at index ${at}` };
  }
  return { counts: true };
}

function exitCodeMatch(
  { metadata, status }: Pod,
  { containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement,
): string | undefined {
  const matches = ({ name, state }: ContainerStatus) => {
    const exitCode = state?.terminated?.exitCode;
    if (!exitCode || (containerName !== undefined && containerName !== name)) return false;
    return values.includes(exitCode) === (operator === "In");
  };
  const found = status.containerStatuses?.find(matches) ?? status.initContainerStatuses?.find(matches);
  if (found === undefined) return undefined;
  const { exitCode } = found.state!.terminated!;
  return `Container ${found.name} for pod ${metadata.namespace}/${metadata.name} failed with exit code ${exitCode}`;
}

function conditionMatch(
  { metadata, status }: Pod,
  patterns: readonly { type: string; status: string }[],
): string | undefined {
  const matches = (type: string, value: string) =>
    patterns.some(pattern => pattern.type === type && pattern.status === value);
  const found = status.conditions?.find(each => matches(each.type, each.status));
  return found && `Pod ${metadata.namespace}/${metadata.name} has condition ${found.type}`;
}

/** Says which rule is met; undefined: none. */
export function metSuccessPolicy({ spec }: Job, succeeded: ReadonlySet<number>): string | undefined {
  if (succeeded.size === 0) return undefined;
  for (const [at, { succeededIndexes, succeededCount }] of (spec.successPolicy?.rules ?? []).entries()) {
    const required = parseIndexes(succeededIndexes, spec.completions ?? 0);
    const met = [...required].filter(index => succeeded.has(index)).length;
    const isMet =
      succeededIndexes === undefined
        ? succeededCount !== undefined && succeeded.size >= succeededCount
        : required.size > 0 &&
          (met === required.size || (succeededCount !== undefined && met >= succeededCount));
    if (isMet) return `Matched rules at index ${at}`;
  }
  return undefined;
}
