/** The Pod rows of `kubectl get pods`: kubernetes/pkg/printers/internalversion, printPod. */
import type { Container } from "../../core/container.ts";
import type { Pod } from "../../core/pod.ts";
import type { ContainerStateTerminated, ContainerStatus, PodStatus } from "../../core/pod-status.ts";
import { humanDuration, parseTime } from "../../values/time.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../entry.ts";
import type { Column } from "../kind.ts";

const NONE = "<none>";

export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  /** `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating`, … */
  readonly status: string;
  readonly restarts: number;
  readonly lastRestartMs: number | undefined;
}

/** What a line about a Pod says. */
export function summarizePod(pod: Pod): PodSummary {
  const init = summarizeInit(pod);
  const initialized = init.status === undefined || hasCondition(pod.status, "Initialized");
  const main = initialized ? summarizeContainers(pod, init.status ?? plainStatus(pod)) : undefined;
  const counted = main ? [init.sidecars, main] : [init];
  return {
    ready: init.ready + (main?.ready ?? 0),
    total: pod.spec.containers.length + (pod.spec.initContainers ?? []).filter(isSidecar).length,
    status: deletionStatus(pod) ?? main?.status ?? init.status ?? plainStatus(pod),
    restarts: counted.reduce((sum, each) => sum + each.restarts, 0),
    lastRestartMs: counted.map(each => each.lastRestartMs).reduce(later, undefined),
  };
}

interface Restarts {
  restarts: number;
  lastRestartMs: number | undefined;
}

interface InitSummary extends Restarts {
  ready: number;
  /** Undefined when every init container has done its part. */
  status: string | undefined;
  sidecars: Restarts;
}

function summarizeInit(pod: Pod): InitSummary {
  const specs = new Map((pod.spec.initContainers ?? []).map(container => [container.name, container]));
  const statuses = pod.status.initContainerStatuses ?? [];
  const summary: InitSummary = { ready: 0, status: undefined, ...noRestarts(), sidecars: noRestarts() };
  for (const [at, container] of statuses.entries()) {
    const sidecar = isSidecar(specs.get(container.name));
    count(summary, container);
    if (sidecar) count(summary.sidecars, container);
    if (container.state?.terminated?.exitCode === 0) continue;
    if (sidecar && container.started === true) {
      if (container.ready) summary.ready++;
      continue;
    }
    summary.status = initStatus(container, `Init:${at}/${specs.size}`);
    break;
  }
  return summary;
}

function initStatus(container: ContainerStatus, progress: string): string {
  const { terminated, waiting } = container.state ?? {};
  if (terminated) return `Init:${endedStatus(terminated)}`;
  if (waiting?.reason && waiting.reason !== "PodInitializing") return `Init:${waiting.reason}`;
  return progress;
}

function summarizeContainers(pod: Pod, before: string): Restarts & { ready: number; status: string } {
  const summary = { ready: 0, status: before, ...noRestarts() };
  let someRun = false;
  for (const container of (pod.status.containerStatuses ?? []).toReversed()) {
    count(summary, container);
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason) summary.status = waiting.reason;
    else if (terminated) summary.status = endedStatus(terminated);
    else if (container.ready && running) {
      someRun = true;
      summary.ready++;
    }
  }
  if (summary.status === "Completed" && someRun) {
    summary.status = hasCondition(pod.status, "Ready") ? "Running" : "NotReady";
  }
  return summary;
}

function endedStatus({ reason, signal, exitCode }: ContainerStateTerminated): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`);
}

function plainStatus({ status }: Pod): string {
  const gated = status.conditions?.some(
    each => each.type === "PodScheduled" && each.reason === "SchedulingGated",
  );
  return gated ? "SchedulingGated" : status.reason || status.phase || "Unknown";
}

function deletionStatus({ metadata, status }: Pod): string | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  if (status.reason === "NodeLost") return "Unknown";
  return status.phase === "Succeeded" || status.phase === "Failed" ? undefined : "Terminating";
}

function isSidecar(container: Container | undefined): boolean {
  return container?.restartPolicy === "Always";
}

function hasCondition(status: PodStatus, type: string): boolean {
  return status.conditions?.some(each => each.type === type && each.status === "True") ?? false;
}

const noRestarts = (): Restarts => ({ restarts: 0, lastRestartMs: undefined });

function count(into: Restarts, container: ContainerStatus): void {
  into.restarts += container.restartCount;
  const finishedAt = container.lastState?.terminated?.finishedAt;
  into.lastRestartMs = later(into.lastRestartMs, finishedAt ? parseTime(finishedAt) : undefined);
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

function restartsCell(pod: Pod, nowMs: number): string {
  const { restarts, lastRestartMs } = summarizePod(pod);
  if (restarts === 0 || lastRestartMs === undefined) return String(restarts);
  return `${restarts} (${humanDuration(nowMs - lastRestartMs)} ago)`;
}

function readyCell(pod: Pod): string {
  const { ready, total } = summarizePod(pod);
  return `${ready}/${total}`;
}

function readinessGatesCell(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  const open = gates.filter(gate => hasCondition(pod.status, gate.conditionType));
  return gates.length === 0 ? NONE : `${open.length}/${gates.length}`;
}

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  column("Ready", "The aggregate readiness state of this pod for accepting traffic.", readyCell),
  column("Status", "The aggregate status of the containers in this pod.", pod => summarizePod(pod).status),
  column(
    "Restarts",
    "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
    restartsCell,
  ),
  ageColumn,
  wideColumn(
    "IP",
    "podIP address allocated to the pod.",
    pod => pod.status.podIPs?.[0]?.ip || pod.status.podIP || NONE,
  ),
  wideColumn("Node", "NodeName is the name of the node the pod runs on.", pod => pod.spec.nodeName || NONE),
  wideColumn(
    "Nominated Node",
    "The node that the scheduler means to free for this pod.",
    pod => pod.status.nominatedNodeName || NONE,
  ),
  wideColumn("Readiness Gates", "Conditions beyond the containers' own readiness.", readinessGatesCell),
];
