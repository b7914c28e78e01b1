/**
 * What a DaemonSet does next, node by node; pure (upstream: daemon_controller.go, update.go).
 *
 *   node lacks its Pod             make one
 *   node is not for it any more    delete
 *   Pod has ended                  delete; a failed one not more often than its back-off lets
 *   several on a node              the oldest stays; with maxSurge, old and new until the new one is available
 *
 * and when all that is so, Pods of older templates are replaced: without maxSurge by deleting as many as may be
 * unavailable, with it by making new ones beside them.
 */
import { type DaemonSet, type Node, type Pod, parseTime } from "@podwire/api";
import { isAvailable, isReady } from "../workloads/pod-state.ts";
import { scaledValue } from "../workloads/scaled-value.ts";
import { HASH_LABEL, targetNode, verdictFor } from "./daemon-pod.ts";

export interface Situation {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  /** The set's own. */
  readonly pods: readonly Pod[];
  readonly isGoing: (pod: Pod) => boolean;
  /** Of the present template. */
  readonly hash: string;
  readonly wallMs: number;
  /** Whether a node's failed Pod may be replaced now. */
  readonly mayReplaceFailed: (node: string) => boolean;
}

export interface Plan {
  /** Names of nodes. */
  readonly create: string[];
  readonly delete: Pod[];
}

export function plan(situation: Situation): Plan {
  const byNode = podsByNode(situation);
  const managed = manage(situation, byNode);
  if (managed.create.length + managed.delete.length > 0) return managed;
  if (situation.set.spec.updateStrategy?.type === "OnDelete") return managed;
  const limits = limitsOf(situation);
  return limits.maxSurge === 0 ? replace(situation, byNode, limits) : surge(situation, byNode, limits);
}

type ByNode = ReadonlyMap<string, readonly Pod[]>;

/** Pods that have ended and are on their way out count no more. */
function podsByNode({ pods, isGoing }: Situation): ByNode {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = targetNode(pod);
    if (node === undefined || (phaseEnded(pod) && isGoing(pod))) continue;
    byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  return byNode;
}

function phaseEnded({ status }: Pod): boolean {
  return status.phase === "Failed" || status.phase === "Succeeded";
}

function manage(situation: Situation, byNode: ByNode): Plan {
  const made: Plan = { create: [], delete: [] };
  const { set, nodes, isGoing } = situation;
  for (const node of nodes) {
    const { name } = node.metadata;
    const verdict = verdictFor(set, node);
    const pods = byNode.get(name);
    if (verdict === "none") made.delete.push(...(pods ?? []).filter(pod => !isGoing(pod)));
    else if (pods === undefined) {
      if (verdict === "run") made.create.push(name);
    } else keepOne(situation, name, pods, verdict === "run", made);
  }
  const names = new Set(nodes.map(({ metadata }) => metadata.name));
  for (const [node, pods] of byNode) {
    if (!names.has(node)) made.delete.push(...pods.filter(pod => !pod.spec.nodeName && !isGoing(pod)));
  }
  return made;
}

function keepOne(
  situation: Situation,
  node: string,
  pods: readonly Pod[],
  mayMake: boolean,
  made: Plan,
): void {
  const present = pods.filter(pod => !situation.isGoing(pod));
  const ended = present.filter(phaseEnded);
  const running = present.filter(pod => !phaseEnded(pod)).sort(placedThenOldest);
  made.delete.push(
    ...ended.filter(({ status }) => status.phase === "Succeeded" || situation.mayReplaceFailed(node)),
  );
  if (!allowsSurge(situation.set)) {
    made.delete.push(...running.slice(1));
    return;
  }
  if (running.length === 0 && mayMake) made.create.push(node);
  if (running.length > 1) made.delete.push(...superfluous(situation, running));
}

/** Of the new and of the old revision the oldest stay; the old one until it fails or the new one is available. */
function superfluous({ set, hash, wallMs }: Situation, running: readonly Pod[]): Pod[] {
  const next = running.find(pod => isOfHash(pod, hash));
  const old = running.find(pod => !isOfHash(pod, hash));
  const rest = running.filter(pod => pod !== next && pod !== old);
  if (next === undefined || old === undefined) return rest;
  const isReplaced = !isReady(old) || isAvailable(next, set.spec.minReadySeconds ?? 0, wallMs);
  return isReplaced ? [...rest, old] : rest;
}

function isOfHash({ metadata }: Pod, hash: string): boolean {
  return metadata.labels?.[HASH_LABEL] === hash;
}

function placedThenOldest(a: Pod, b: Pod): number {
  const placed = (pod: Pod) => (pod.spec.nodeName ? 0 : 1);
  const created = ({ metadata }: Pod) => parseTime(metadata.creationTimestamp) ?? 0;
  return placed(a) - placed(b) || created(a) - created(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

interface Limits {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly desired: number;
}

function limitsOf({ set, nodes }: Situation): Limits {
  const desired = nodes.filter(node => verdictFor(set, node) === "run").length;
  const { maxSurge = 0, maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
  const surges = scaledValue(maxSurge, desired, "up");
  const unavailable = scaledValue(maxUnavailable, desired, "up");
  return { desired, maxSurge: surges, maxUnavailable: unavailable === 0 && surges === 0 ? 1 : unavailable };
}

function allowsSurge({ spec: { updateStrategy } }: DaemonSet): boolean {
  const { maxSurge = 0 } = updateStrategy?.rollingUpdate ?? {};
  return updateStrategy?.type !== "OnDelete" && scaledValue(maxSurge, 1, "up") > 0;
}

interface OnNode {
  readonly node: string;
  readonly old: Pod | undefined;
  readonly next: Pod | undefined;
  /** Several of a kind: `manage` has to see to it first. */
  readonly isUnclear: boolean;
}

function* revisionsByNode({ set, nodes, isGoing, hash }: Situation, byNode: ByNode): Generator<OnNode> {
  const wanted = nodes.filter(node => verdictFor(set, node) === "run").map(({ metadata }) => metadata.name);
  for (const node of new Set([...byNode.keys(), ...wanted])) {
    const pods = (byNode.get(node) ?? []).filter(pod => !isGoing(pod));
    const next = pods.filter(pod => isOfHash(pod, hash));
    const old = pods.filter(pod => !isOfHash(pod, hash));
    yield { node, old: old[0], next: next[0], isUnclear: next.length > 1 || old.length > 1 };
  }
}

/** Old Pods that serve nobody go at once; others as far as maxUnavailable lets. */
function replace(situation: Situation, byNode: ByNode, { maxUnavailable }: Limits): Plan {
  const allowed: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { old, next, isUnclear } of revisionsByNode(situation, byNode)) {
    const only = old === undefined ? next : next === undefined ? old : undefined;
    const serves = !isUnclear && only !== undefined && serving(situation, only);
    if (!serves) unavailable++;
    if (isUnclear || old === undefined || next !== undefined) continue;
    (serves ? candidates : allowed).push(old);
  }
  const more = candidates.slice(0, Math.max(maxUnavailable - unavailable, 0));
  return { create: [], delete: [...allowed, ...more] };
}

function serving({ set, wallMs }: Situation, pod: Pod): boolean {
  return isAvailable(pod, set.spec.minReadySeconds ?? 0, wallMs);
}

/** New Pods beside old ones, as many as maxSurge lets; an old one goes when its successor serves. */
function surge(situation: Situation, byNode: ByNode, { maxSurge, desired }: Limits): Plan {
  const made: Plan = { create: [], delete: [] };
  const candidates: string[] = [];
  const onWrongNode: Pod[] = [];
  let surging = 0;
  let available = 0;
  const nodes = new Map(situation.nodes.map(node => [node.metadata.name, node]));
  for (const { node, old, next, isUnclear } of revisionsByNode(situation, byNode)) {
    if (isUnclear) {
      surging++;
      continue;
    }
    const counted = old ?? next;
    if (counted !== undefined && serving(situation, counted)) available++;
    if (old === undefined) continue;
    if (next !== undefined) {
      if (serving(situation, next)) made.delete.push(old);
      else surging++;
      continue;
    }
    const object = nodes.get(node);
    const shouldRun = object !== undefined && verdictFor(situation.set, object) === "run";
    if (!shouldRun) (serving(situation, old) ? onWrongNode : made.delete).push(old);
    else (serving(situation, old) ? candidates : made.create).push(node);
  }
  made.delete.push(...onWrongNode.slice(0, Math.max(available - desired, 0)));
  made.create.push(...candidates.slice(0, Math.max(maxSurge - surging, 0)));
  return made;
}

export function daemonSetStatus(situation: Situation, collisionCount: number): DaemonSet["status"] {
  const { set, nodes, hash } = situation;
  const byNode = podsByNode(situation);
  const first = (node: Node) => [...(byNode.get(node.metadata.name) ?? [])].sort(placedThenOldest)[0];
  const wanted = nodes.filter(node => verdictFor(set, node) === "run");
  const counted = wanted.map(first).filter(pod => pod !== undefined);
  const numberAvailable = counted.filter(pod => serving(situation, pod)).length;
  const updatedNumberScheduled = counted.filter(pod => isOfHash(pod, hash)).length;
  const numberUnavailable = wanted.length - numberAvailable;
  return {
    ...(set.status.conditions && { conditions: set.status.conditions }),
    ...(collisionCount > 0 && { collisionCount }),
    desiredNumberScheduled: wanted.length,
    currentNumberScheduled: counted.length,
    numberMisscheduled: nodes.filter(node => !wanted.includes(node) && first(node) !== undefined).length,
    numberReady: counted.filter(isReady).length,
    observedGeneration: set.metadata.generation,
    ...(updatedNumberScheduled > 0 && { updatedNumberScheduled }),
    ...(numberAvailable > 0 && { numberAvailable }),
    ...(numberUnavailable > 0 && { numberUnavailable }),
  };
}
