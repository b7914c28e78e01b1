/** ContainerStatus from what is seen of a container, in the words of the kubelet. */
import type {
  Container,
  ContainerState,
  ContainerStatus,
  VolumeMount,
  VolumeMountStatus,
} from "@podwire/api";
import type { RunEnd } from "../container/run.ts";
import { type ContainerObservation, isStartedNow, type Run } from "./observation.ts";

export interface ContainerContext {
  /** The Pod has init containers: what has not begun yet is then PodInitializing, as upstream. */
  hasInit: boolean;
  /** Of a container that has to end before the others start. */
  isInit: boolean;
  podName: string;
}

export function containerStatus(
  container: Container,
  seen: ContainerObservation | undefined,
  context: ContainerContext,
): ContainerStatus {
  const waiting = waitingState(container, seen, context);
  const current = seen?.current;
  const last = waiting && current?.end ? current : seen?.previous;
  const started = isStartedNow(seen);
  const ready = context.isInit ? current?.end?.exitCode === 0 : started && (seen?.probes?.ready ?? true);
  return {
    name: container.name,
    state: waiting ?? runState(current!),
    lastState: last?.end ? terminated(last, last.end) : {},
    ready,
    started,
    restartCount: current?.restartCount ?? 0,
    image: current?.image ?? container.image ?? "",
    imageID: current?.imageID ?? "",
    ...(current && { containerID: current.containerID }),
    ...mountStatuses(container),
  };
}

function mountStatuses({ volumeMounts = [] }: Container): Pick<ContainerStatus, "volumeMounts"> {
  if (volumeMounts.length === 0) return {};
  const status = ({ name, mountPath, readOnly }: VolumeMount): VolumeMountStatus => {
    return { name, mountPath, ...(readOnly && { readOnly: true, recursiveReadOnly: "Disabled" }) };
  };
  return { volumeMounts: volumeMounts.map(status) };
}

function waitingState(
  container: Container,
  seen: ContainerObservation | undefined,
  context: ContainerContext,
): ContainerState | undefined {
  if (seen?.problem) return { waiting: { reason: seen.problem.reason, message: seen.problem.message } };
  if (seen?.backOff && seen.current?.end) {
    const { delayMs } = seen.backOff;
    const message = `back-off ${delayMs / 1000}s restarting failed container=${container.name} pod=${context.podName}`;
    return { waiting: { reason: "CrashLoopBackOff", message } };
  }
  const run = seen?.current;
  const begins = run === undefined || (!run.end && (run.startedAtMs === undefined || run.inHook));
  if (!begins) return undefined;
  return { waiting: { reason: context.hasInit ? "PodInitializing" : "ContainerCreating" } };
}

function runState(run: Run): ContainerState {
  if (run.end) return terminated(run, run.end);
  return { running: { startedAt: timestamp(run.startedAtMs!) } };
}

function terminated(run: Run, end: RunEnd): ContainerState {
  return {
    terminated: {
      exitCode: end.exitCode,
      reason: end.reason,
      ...(end.message !== undefined && { message: end.message }),
      startedAt: timestamp(end.startedAtMs),
      finishedAt: timestamp(end.finishedAtMs),
      containerID: run.containerID,
    },
  };
}

/** RFC 3339 in whole seconds, as metav1.Time. */
export function timestamp(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
