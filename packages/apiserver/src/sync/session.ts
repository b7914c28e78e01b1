/**
 * One node's Sync stream, from Register to its end:
 *
 *   Register -> the Node object, its pod CIDRs -> Registered
 *            -> resume after the node's revision, or a snapshot -> changes, as fast as the node takes them
 *   and from the node: heartbeats, statuses, events.
 *
 * Backpressure is the absence of a queue: the next changes are asked of the watch log only when the node has
 * taken the last ones. A node that falls behind the log gets a snapshot; one that takes nothing at all is cut.
 */
import { ApiError, isReason, kinds, type ObjectReference, type Pod } from "@podwire/api";
import type { Event, FromNode, OpenStream, Register } from "@podwire/protocol";
import { ToNode } from "@podwire/protocol";
import type { Registry, Stored, Watch, WatchEvent } from "../registry/registry.ts";
import type { RecordEvent } from "./events.ts";
import type { Heartbeats } from "./heartbeats.ts";
import { LIMITS } from "./limits.ts";
import { NodeLease } from "./node-lease.ts";
import { CallEnded, Outgoing, SlowNode, type SyncCall } from "./outgoing.ts";
import { PodReports } from "./pod-reports.ts";
import { References } from "./references.ts";
import { registerNode, waitForPodCidrs } from "./register.ts";
import { StreamError } from "./stream-error.ts";
import { type EncodedChange, Translator } from "./translate.ts";

export interface SessionContext {
  readonly registry: Registry;
  readonly clusterCidrs: readonly string[];
  /** Of Services, at most one a family. */
  readonly serviceCidrs: readonly string[];
  readonly heartbeats: Heartbeats;
  readonly recordEvent: RecordEvent;
  readonly log: (message: string) => void;
  /** How long a node may not read its stream; LIMITS.drainTimeoutMs, shortened by tests. */
  readonly drainTimeoutMs?: number;
}

const KINDS = [
  kinds.nodes,
  kinds.namespaces,
  kinds.pods,
  kinds.services,
  kinds.endpointSlices,
  kinds.configMaps,
  kinds.secrets,
] as const;

export class Session {
  readonly register: Register;
  readonly #context: SessionContext;
  readonly #call: SyncCall;
  readonly #ended = new AbortController();
  readonly #outgoing: Outgoing;
  readonly #reports: PodReports;
  readonly #lease: NodeLease;
  #uid = "";
  /** The revision that the node was told last. */
  #position = 0;
  /** Every change given by this watch has been taken by the node; undefined while one is under way. */
  #idle: Watch | undefined;
  #bookmarks: NodeJS.Timeout | undefined;

  constructor(call: SyncCall, register: Register, context: SessionContext) {
    this.register = register;
    this.#context = context;
    this.#call = call;
    const { signal: ended } = this.#ended;
    const { drainTimeoutMs = LIMITS.drainTimeoutMs } = context;
    this.#outgoing = new Outgoing(call, ended, drainTimeoutMs, error => this.end(slow(this.name, error)));
    this.#lease = new NodeLease(context.registry, context.log);
    this.#reports = new PodReports({
      registry: context.registry,
      node: this.name,
      answer: message => this.#outgoing.answer(message),
      busy: busy => (busy ? call.pause() : call.resume()),
      log: context.log,
      ended,
    });
  }

  get name(): string {
    return this.register.name;
  }

  /** Runs until the stream ends. */
  async run(): Promise<void> {
    try {
      const { registry, clusterCidrs, serviceCidrs } = this.#context;
      const registered = await registerNode(registry, this.register, clusterCidrs);
      const node = await waitForPodCidrs(registry, registered, this.#ended.signal);
      if (node === undefined) return;
      this.#uid = node.object.metadata.uid;
      const podCidrs = node.object.spec.podCIDRs ?? [];
      const value = {
        podCidrs,
        clusterCidrs: [...clusterCidrs],
        serviceCidrs: [...serviceCidrs],
        uid: this.#uid,
        history: registry.history,
      };
      await this.#outgoing.changes([
        [ToNode.encode({ revision: 0, message: { case: "registered", value } })],
      ]);
      await this.#follow();
    } catch (error) {
      if (error instanceof CallEnded) return;
      if (error instanceof SlowNode) return this.end(slow(this.name, error));
      if (error instanceof ApiError) return this.end(new StreamError("retry", error.message, error));
      if (!(error instanceof StreamError)) throw error;
      this.end(error);
    }
  }

  /** Ends the stream: with the client's going, or with an error that the node is told. */
  end(error?: StreamError): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    clearInterval(this.#bookmarks);
    if (error === undefined) return;
    this.#context.log(`node stream of "${this.name}" ended: ${error.message}`);
    this.#call.emit("error", error.status);
  }

  get open(): boolean {
    return this.#uid !== "" && !this.#ended.signal.aborted;
  }

  openStream(request: OpenStream): void {
    this.#outgoing.answer({ case: "openStream", value: request });
  }

  /** A message from the node. Throws a StreamError when it makes no sense. */
  receive({ message }: FromNode): void {
    if (message.case === "heartbeat") {
      this.#context.heartbeats.heard(this.name, message.value.notReady);
      if (this.#uid !== "") this.#lease.heard({ name: this.name, uid: this.#uid }, Date.now());
    } else if (message.case === "podStatus") this.#reports.status(message.value);
    else if (message.case === "podGone") void this.#reports.gone(message.value);
    else if (message.case === "event") {
      const { type, reason, message: text, component } = message.value;
      const about = this.#regarding(message.value);
      const source = { component, host: this.name };
      this.#context.recordEvent(about, type === "Warning" ? "Warning" : "Normal", reason, text, source);
    } else throw new StreamError("refused", `Node "${this.name}" sent a second Register on one stream`);
  }

  #regarding({ pod, service, fieldPath }: Event): ObjectReference {
    if (pod.name !== "") return { kind: "Pod", apiVersion: "v1", ...pod, ...(fieldPath && { fieldPath }) };
    // As kube-proxy, which does not know the uid either.
    const uid = `${service.namespace}/${service.name}`;
    if (service.name !== "") return { kind: "Service", apiVersion: "v1", ...service, uid };
    return { kind: "Node", apiVersion: "v1", name: this.name, uid: this.#uid };
  }

  async #follow(): Promise<void> {
    let translator = new Translator(this.name, true);
    let references = new References(this.#context.registry);
    let watch: Watch | undefined;
    let resume = this.#canResume();
    const close = () => watch?.close();
    this.#ended.signal.addEventListener("abort", close);
    this.#bookmarks = setInterval(() => this.#bookmark(), LIMITS.bookmarkIntervalMs);
    while (!this.#ended.signal.aborted) {
      try {
        if (resume) {
          resume = false;
          await this.#outgoing.changes(await this.#ownReferences(references));
          watch = this.#watch(this.register.resumeRevision);
        } else if (watch === undefined) {
          translator = new Translator(this.name, false);
          references = new References(this.#context.registry);
          watch = await this.#snapshot(translator, references);
        }
        this.#idle = watch;
        const events = await watch.next();
        this.#idle = undefined;
        if (events === undefined) return;
        await this.#send(events, translator, references);
      } catch (error) {
        if (!isReason(error, "Expired")) throw error;
        watch?.close();
        watch = undefined;
        this.#idle = undefined;
      }
    }
  }

  /** Whether the revision that the node has is one of this history. */
  #canResume(): boolean {
    const { registry } = this.#context;
    const { resumeRevision, resumeHistory } = this.register;
    return resumeRevision > 0 && resumeRevision <= registry.revision && resumeHistory === registry.history;
  }

  #watch(afterRevision: number): Watch {
    this.#position = afterRevision;
    return this.#context.registry.watchKinds(KINDS, afterRevision);
  }

  /** What the Pods of this node refer to, as it is now. */
  async #ownReferences(references: References, pods?: readonly Stored<Pod>[]): Promise<EncodedChange[]> {
    const changes: EncodedChange[] = [];
    for (const { object } of pods ?? (await this.#context.registry.list(kinds.pods)).items) {
      if (object.spec.nodeName === this.name) changes.push(await references.pod(object, false));
    }
    return changes.filter(change => change.length > 0);
  }

  async #snapshot(translator: Translator, references: References): Promise<Watch> {
    const { registry } = this.#context;
    const nodes = await registry.list(kinds.nodes);
    const { revision } = nodes;
    const namespaces = await registry.list(kinds.namespaces, { atRevision: revision });
    const pods = await registry.list(kinds.pods, { atRevision: revision });
    const services = await registry.list(kinds.services, { atRevision: revision });
    const slices = await registry.list(kinds.endpointSlices, { atRevision: revision });
    const referred = await this.#ownReferences(references, pods.items);
    const translate = function* (): Generator<EncodedChange> {
      yield [ToNode.encode({ revision: 0, message: { case: "snapshotBegin", value: {} } })];
      yield* referred;
      // Pods last: what they start with knows the Services.
      for (const { items } of [nodes, namespaces, services, slices, pods]) {
        for (const stored of items) yield translator.translate({ revision: 0, stored, deleted: false });
      }
      yield [ToNode.encode({ revision, message: { case: "snapshotEnd", value: {} } })];
    };
    await this.#outgoing.changes(translate());
    return this.#watch(revision);
  }

  async #send(events: readonly WatchEvent[], translator: Translator, references: References): Promise<void> {
    const changes: EncodedChange[] = [];
    let told = this.#position;
    for (const event of events) {
      const { type, revision, stored } = event;
      const change = await this.#translate(event, translator, references);
      if (change.length > 0) {
        changes.push(change);
        told = revision;
      }
      if (type === "DELETED" && stored.object.metadata.uid === this.#uid) {
        throw new StreamError("retry", `Node "${this.name}" was deleted; register again`);
      }
    }
    await this.#outgoing.changes(changes);
    this.#position = told;
  }

  async #translate(
    event: WatchEvent,
    translator: Translator,
    references: References,
  ): Promise<EncodedChange> {
    const { type, revision, stored } = event;
    const { object } = stored;
    if (object.kind === "ConfigMap" || object.kind === "Secret") return references.changed(event);
    const deleted = type === "DELETED";
    const change = translator.translate({ revision, stored, deleted });
    const isOwn = object.kind === "Pod" && (object as Pod).spec.nodeName === this.name;
    return isOwn ? [...(await references.pod(object as Pod, deleted)), ...change] : change;
  }

  /** What does not concern the node moves its position all the same, so that it need not read it again. */
  #bookmark(): void {
    const position = this.#idle?.position ?? 0;
    if (position <= this.#position) return;
    this.#position = position;
    const bookmark = [ToNode.encode({ revision: position, message: { case: "bookmark", value: {} } })];
    this.#outgoing.changes([bookmark]).catch(error => {
      if (error instanceof SlowNode) this.end(slow(this.name, error));
    });
  }
}

function slow(node: string, error: Error): StreamError {
  return new StreamError("slow", `Node "${node}": ${error.message}; register again to resume`, error);
}
