/** ContainerStatus from what is seen of a container, in the words of the kubelet. */
import type { Container, ContainerState, ContainerStatus } from "@podwire/api";
import type { RunEnd } from "../container/run.ts";
import type { ContainerObservation, Run } from "./observation.ts";

export interface ContainerContext {
  /** An init container has yet to end before this one may start. */
  waitsForInit: boolean;
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
  const ready = current?.startedAtMs !== undefined && !current.end;
  return {
    name: container.name,
    state: waiting ?? runState(current!),
    lastState: last?.end ? terminated(last, last.end) : {},
    ready,
    started: ready,
    restartCount: current?.restartCount ?? 0,
    image: container.image ?? "",
    imageID: current?.imageID ?? "",
    ...(current && { containerID: current.containerID }),
  };
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
  if (!seen?.current) {
    return { waiting: { reason: context.waitsForInit ? "PodInitializing" : "ContainerCreating" } };
  }
  if (seen.current.startedAtMs === undefined && !seen.current.end) {
    return { waiting: { reason: "ContainerCreating" } };
  }
  return undefined;
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
