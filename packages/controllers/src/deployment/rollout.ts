/**
 * One turn of a Deployment, over what its caches hold now (upstream: pkg/controller/deployment). Each turn takes one
 * step and writes down where it stands; the step's effect brings the next turn.
 *
 *   being deleted         status only
 *   paused, or resized    proportional scaling
 *   Recreate              old to zero -> wait for their Pods to end -> new to full size
 *   RollingUpdate         new up as far as maxSurge allows, else old down as far as maxUnavailable allows
 */
import { type Deployment, jsonEqual, type ReplicaSet } from "@podwire/api";
import { findCondition, withCondition } from "../workloads/conditions.ts";
import type { Owned } from "../workloads/owned.ts";
import { replicasOf } from "../workloads/replicas.ts";
import { annotatedCount, DESIRED_REPLICAS, REVISION, revisionOf } from "./annotations.ts";
import {
  active,
  byCreation,
  isRollingUpdate,
  isSaturated,
  maxScaledDown,
  maxUnavailable,
  newReplicas,
  proportionalSizes,
  sumOfReplicas,
  sumOfStatus,
} from "./arithmetic.ts";
import { beyondHistory, makeNew, nextRevision, resize, sortOut, updateNew } from "./replica-sets.ts";
import {
  countedStatus,
  hasProgressDeadline,
  isComplete,
  progressing,
  type Revisions,
  rolloutStatus,
} from "./status.ts";

export interface RolloutPort {
  readonly deployments: Owned<Deployment>;
  readonly replicaSets: Owned<ReplicaSet>;
  /** Pods of old revisions that have not ended, those that are on their way out included. */
  hasPods(replicaSet: ReplicaSet): boolean;
  event(deployment: Deployment, type: "Normal" | "Warning", reason: string, message: string): void;
  wallMs(): number;
}

export class Rollout {
  readonly #port: RolloutPort;
  /** As read, so that a status that says the same is not written. */
  readonly #read: Deployment;
  /** What the status is now held to be; written once, at the end of the turn. */
  #deployment: Deployment;
  #revisions: Revisions;

  constructor(port: RolloutPort, deployment: Deployment, replicaSets: readonly ReplicaSet[]) {
    this.#port = port;
    this.#read = deployment;
    this.#deployment = { ...deployment };
    this.#revisions = sortOut(deployment, replicaSets);
  }

  async turn(): Promise<Deployment> {
    const { metadata, spec } = this.#deployment;
    if (metadata.deletionTimestamp !== undefined) return this.#writeStatus(this.#counted());
    this.#notePause();
    if (spec.paused || this.#isResized()) return this.#resized();
    return isRollingUpdate(this.#deployment) ? this.#rolling() : this.#recreate();
  }

  #notePause(): void {
    const { spec, status } = this.#deployment;
    if (!hasProgressDeadline(this.#deployment)) return;
    const current = findCondition(status.conditions, "Progressing");
    if (current?.reason === "ProgressDeadlineExceeded") return;
    const isNoted = current?.reason === "DeploymentPaused";
    if (spec.paused && !isNoted) this.#condition("Unknown", "DeploymentPaused", "Deployment is paused");
    if (!spec.paused && isNoted) this.#condition("Unknown", "DeploymentResumed", "Deployment is resumed");
  }

  /** `replicas` is not what the ReplicaSets were last told. */
  #isResized(): boolean {
    return active(this.#all).some(({ metadata }) => {
      const desired = annotatedCount(metadata, DESIRED_REPLICAS);
      return desired !== undefined && desired !== replicasOf(this.#deployment);
    });
  }

  async #resized(): Promise<Deployment> {
    await this.#syncRevision();
    await this.#scale();
    if (this.#deployment.spec.paused) await this.#cleanUp();
    return this.#writeStatus(this.#counted());
  }

  async #scale(): Promise<void> {
    const { next, old } = this.#revisions;
    const replicas = replicasOf(this.#deployment);
    const withPods = active(this.#all);
    // With no Pods anywhere the newest revision stands for all.
    const only = withPods.length === 0 ? (next ?? [...old].sort(byCreation).at(-1)) : withPods[0];
    if (withPods.length <= 1) {
      if (only !== undefined && replicasOf(only) !== replicas) await this.#resize(only, replicas);
    } else if (isSaturated(this.#deployment, next)) {
      for (const each of active(old)) await this.#resize(each, 0);
    } else if (isRollingUpdate(this.#deployment)) {
      const sizes = proportionalSizes(this.#deployment, this.#all);
      for (const each of withPods) await this.#resize(each, sizes.get(each.metadata.name)!);
    }
  }

  async #rolling(): Promise<Deployment> {
    const next = await this.#ensureNew();
    if (next === undefined) return this.#deployment;
    const replicas = replicasOf(this.#deployment);
    const current = replicasOf(next);
    const size =
      current >= replicas ? replicas : newReplicas(this.#deployment, sumOfReplicas(this.#all), current);
    if (size !== current) await this.#resize(next, size);
    else if (!(await this.#shrinkOld(next))) await this.#cleanUpIfComplete();
    return this.#writeStatus(this.#progressed());
  }

  /** Pods that are not available first, then as many as may be missing. Returns whether any went. */
  async #shrinkOld(next: ReplicaSet): Promise<boolean> {
    const old = active(this.#revisions.old);
    const most = maxScaledDown(this.#deployment, this.#all, next);
    if (old.length === 0 || most <= 0) return false;
    let shrunk = 0;
    for (const each of old) {
      const unavailable = replicasOf(each) - (each.status.availableReplicas ?? 0);
      // Its status is older than its size: its controller has yet to act on the last step.
      if (unavailable < 0) return shrunk > 0;
      const count = Math.min(most - shrunk, unavailable);
      if (count > 0) await this.#resize(each, replicasOf(each) - count);
      shrunk += Math.max(count, 0);
    }
    const minAvailable = replicasOf(this.#deployment) - maxUnavailable(this.#deployment);
    let spare = sumOfStatus([...active(this.#revisions.old), next], "availableReplicas") - minAvailable;
    for (const each of active(this.#revisions.old)) {
      const count = Math.min(replicasOf(each), spare);
      if (count <= 0) break;
      await this.#resize(each, replicasOf(each) - count);
      spare -= count;
      shrunk += count;
    }
    return shrunk > 0;
  }

  async #recreate(): Promise<Deployment> {
    await this.#syncRevision();
    const shrinking = active(this.#revisions.old);
    for (const each of shrinking) await this.#resize(each, 0);
    const isWaiting =
      shrinking.length > 0 ||
      this.#revisions.old.some(each => each.status.replicas > 0 || this.#port.hasPods(each));
    if (!isWaiting) {
      const next = await this.#ensureNew();
      if (next === undefined) return this.#deployment;
      await this.#resize(next, replicasOf(this.#deployment));
      await this.#cleanUpIfComplete();
    }
    return this.#writeStatus(this.#progressed());
  }

  /** The present template's ReplicaSet, made where there is none; undefined: the turn is over. */
  async #ensureNew(): Promise<ReplicaSet | undefined> {
    if (this.#revisions.next === undefined) return this.#makeNew();
    await this.#syncRevision();
    return this.#revisions.next;
  }

  async #syncRevision(): Promise<void> {
    const { next, old } = this.#revisions;
    if (next === undefined) return;
    const updated = await updateNew(this.#port.replicaSets, this.#deployment, next, nextRevision(old));
    this.#revisions = { next: updated, old };
    this.#noteRevision(revisionOf(updated));
    const isNew = findCondition(this.#deployment.status.conditions, "Progressing") === undefined;
    if (!isNew || !hasProgressDeadline(this.#deployment)) return;
    this.#condition("True", "FoundNewReplicaSet", `Found new replica set "${updated.metadata.name}"`);
  }

  async #makeNew(): Promise<ReplicaSet | undefined> {
    const { old } = this.#revisions;
    const revision = nextRevision(old);
    try {
      const made = await makeNew(this.#port.replicaSets, this.#deployment, old, revision);
      if (made.outcome === "terminating") return undefined;
      if (made.outcome === "collision") return await this.#countCollision();
      const { replicaSet } = made;
      this.#revisions = { next: replicaSet, old };
      this.#noteRevision(revision);
      if (made.outcome === "found") return replicaSet;
      const { name } = replicaSet.metadata;
      if (replicasOf(replicaSet) > 0) this.#tellScaled(name, 0, replicasOf(replicaSet));
      if (hasProgressDeadline(this.#deployment)) {
        this.#condition("True", "NewReplicaSetCreated", `Created new replica set "${name}"`);
      }
      return replicaSet;
    } catch (error) {
      await this.#tellFailure(error as Error);
      throw error;
    }
  }

  /** The next turn finds another name. */
  async #countCollision(): Promise<undefined> {
    const { status } = this.#deployment;
    await this.#writeStatus({ ...status, collisionCount: (status.collisionCount ?? 0) + 1 });
  }

  async #tellFailure(error: Error): Promise<void> {
    const message = `Failed to create new replica set: ${error.message}`;
    this.#port.event(this.#deployment, "Warning", "ReplicaSetCreateError", message);
    if (!hasProgressDeadline(this.#deployment)) return;
    this.#condition("False", "ReplicaSetCreateError", message);
    await this.#writeStatus(this.#deployment.status);
  }

  #noteRevision(revision: number): void {
    const { metadata } = this.#deployment;
    const annotations = { ...metadata.annotations, [REVISION]: String(revision) };
    this.#deployment.metadata = { ...metadata, annotations };
  }

  async #resize(seen: ReplicaSet, replicas: number): Promise<void> {
    const resized = await resize(this.#port.replicaSets, this.#deployment, seen, replicas);
    const { next, old } = this.#revisions;
    const swap = (each: ReplicaSet) => (each.metadata.uid === seen.metadata.uid ? resized : each);
    this.#revisions = { next: next && swap(next), old: old.map(swap) };
    if (replicasOf(seen) !== replicas) this.#tellScaled(seen.metadata.name, replicasOf(seen), replicas);
  }

  #tellScaled(name: string, from: number, to: number): void {
    const direction = from < to ? "up" : "down";
    const message = `Scaled ${direction} replica set ${name} from ${from} to ${to}`;
    this.#port.event(this.#deployment, "Normal", "ScalingReplicaSet", message);
  }

  async #cleanUpIfComplete(): Promise<void> {
    if (isComplete(this.#deployment, this.#deployment.status)) await this.#cleanUp();
  }

  async #cleanUp(): Promise<void> {
    for (const each of beyondHistory(this.#deployment, this.#revisions.old)) {
      await this.#port.replicaSets.delete(each);
    }
  }

  #condition(status: "True" | "False" | "Unknown", reason: string, message: string): void {
    const condition = progressing(status, reason, message, this.#port.wallMs());
    const before = this.#deployment.status;
    this.#deployment.status = { ...before, conditions: withCondition(before.conditions, condition) };
  }

  #counted() {
    return countedStatus(this.#deployment, this.#revisions, this.#port.wallMs());
  }

  #progressed() {
    return rolloutStatus(this.#deployment, this.#revisions, this.#port.wallMs());
  }

  async #writeStatus(status: Deployment["status"]): Promise<Deployment> {
    this.#deployment.status = status;
    const revision = this.#deployment.metadata.annotations?.[REVISION];
    const isNoted = revision === this.#read.metadata.annotations?.[REVISION];
    if (isNoted && jsonEqual(status, this.#read.status)) return this.#read;
    // With the status the annotation is no change that counts as a generation.
    const write = (copy: Deployment) => {
      copy.status = status;
      if (revision !== undefined)
        copy.metadata.annotations = { ...copy.metadata.annotations, [REVISION]: revision };
    };
    return this.#port.deployments.mutate(this.#read, write, { subresource: "status" });
  }

  get #all(): ReplicaSet[] {
    const { next, old } = this.#revisions;
    return next === undefined ? [...old] : [...old, next];
  }
}
