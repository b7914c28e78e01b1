/**
 * What a node says about its Pods, written to the store: statuses and "gone".
 *
 * One write a Pod is under way at a time; a newer status that arrives meanwhile replaces the one that waits.
 * Writes of different Pods go side by side, so the store puts them into one commit. What cannot be stored
 * because the object is gone, is another one of the same name, or is not this node's, is acknowledged all the
 * same: nothing the node could send would change that.
 */
import { setTimeout as delay } from "node:timers/promises";
import { isReason, kinds, notFound, type Pod, type PodStatus as PodStatusObject } from "@podwire/api";
import type { PodGone, PodRef, PodStatus, ToNode } from "@podwire/protocol";
import type { Registry } from "../registry/registry.ts";
import { LIMITS } from "./limits.ts";
import { StreamError } from "./stream-error.ts";

export interface PodReportsOptions {
  registry: Registry;
  node: string;
  answer: (message: ToNode["message"]) => void;
  /** More are under way than allowed, or no longer. */
  busy: (busy: boolean) => void;
  log: (message: string) => void;
  ended: AbortSignal;
}

interface Report {
  readonly pod: PodRef;
  readonly status: PodStatusObject;
  readonly sequence: number;
}

const RETRY_MS = 1_000;

export class PodReports {
  readonly #options: PodReportsOptions;
  /** By uid: the report that waits for the one under way. */
  readonly #writing = new Map<string, Report | undefined>();

  constructor(options: PodReportsOptions) {
    this.#options = options;
  }

  status({ pod, status, sequence }: PodStatus): void {
    const report = { pod, status: this.#parse(pod, status), sequence };
    if (this.#writing.has(pod.uid)) {
      this.#writing.set(pod.uid, report);
      return;
    }
    void this.#write(report);
    this.#options.busy(this.#writing.size >= LIMITS.writesUnderWay);
  }

  async gone({ pod }: PodGone): Promise<void> {
    const { registry, node, answer } = this.#options;
    const remove = async () => {
      const { object } = await registry.get(kinds.pods, pod);
      if (object.spec.nodeName !== node) throw notFound(kinds.pods, pod.name);
      await registry.delete(kinds.pods, pod, { gracePeriodSeconds: 0, uid: pod.uid });
    };
    const deleted = await this.#untilStored(pod, "cannot be deleted", remove);
    // The Pod's deletion itself reaches the node as a change. Without one there is nothing to wait for.
    if (deleted === "moot") answer({ case: "podDeleted", value: pod });
  }

  #parse(pod: PodRef, status: Uint8Array): PodStatusObject {
    try {
      const value: unknown = JSON.parse(Buffer.from(status).toString("utf8"));
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    } catch {
      // Told below.
    }
    throw new StreamError("refused", `the status of Pod ${pod.namespace}/${pod.name} is not a JSON object`);
  }

  async #write(first: Report): Promise<void> {
    const { uid } = first.pod;
    for (let report: Report | undefined = first; report !== undefined; report = this.#writing.get(uid)) {
      this.#writing.set(uid, undefined);
      const current: Report = report;
      await this.#untilStored(current.pod, "has a status that cannot be stored", () => this.#store(current));
      if (this.#options.ended.aborted) return;
      this.#options.answer({ case: "statusStored", value: { pod: current.pod, sequence: current.sequence } });
    }
    this.#writing.delete(uid);
    this.#options.busy(this.#writing.size >= LIMITS.writesUnderWay);
  }

  async #store({ pod, status }: Report): Promise<void> {
    const { registry, node } = this.#options;
    const change = (copy: Pod) => {
      if (copy.metadata.uid !== pod.uid || copy.spec.nodeName !== node) return;
      copy.status = mergeStatus(copy.status, status);
    };
    await registry.mutate(kinds.pods, pod, change, { subresource: "status" });
  }

  /** Until it is stored, cannot matter any more, or the stream ends; a full store is waited for. */
  async #untilStored(
    pod: PodRef,
    trouble: string,
    write: () => Promise<unknown>,
  ): Promise<"stored" | "moot"> {
    const { log, ended } = this.#options;
    while (!ended.aborted) {
      try {
        await write();
        return "stored";
      } catch (error) {
        if (isReason(error, "NotFound") || isReason(error, "Conflict")) return "moot";
        log(`Pod ${pod.namespace}/${pod.name} ${trouble}: ${(error as Error).message}`);
        if (isReason(error, "Invalid")) return "moot";
      }
      await delay(RETRY_MS, undefined, { signal: ended }).catch(() => undefined);
    }
    return "moot";
  }
}

/** Conditions that only the node writes; one that it does not tell any more is gone. */
const OF_THE_NODE = new Set([
  "PodReadyToStartContainers",
  "Initialized",
  "ContainersReady",
  "Ready",
  "PodResizePending",
  "PodResizeInProgress",
]);

/** The node's status is whole but for what others write: their conditions and what creation set. */
function mergeStatus(stored: PodStatusObject, reported: PodStatusObject): PodStatusObject {
  const told = reported.conditions ?? [];
  const others = (stored.conditions ?? []).filter(({ type }) => !told.some(each => each.type === type));
  const kept = others.filter(({ type }) => !OF_THE_NODE.has(type));
  return {
    ...(stored.qosClass && { qosClass: stored.qosClass }),
    ...reported,
    conditions: [...kept, ...told],
  };
}
