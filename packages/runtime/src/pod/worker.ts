/**
 * One Pod on this node, from its first sight until nothing of it is left.
 *
 *   something happened (applied, a container started or ended, a timer, an address became free)
 *     -> look: observation  -> status.ts -> report when it differs
 *                           -> plan.ts   -> carry the actions out, then look again
 *
 * Level-triggered: what woke it does not matter, only what it sees. One pass runs at a time.
 */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Container, configReferences, type Pod, type PodStatus } from "@podwire/api";
import { ContainerSlot } from "../container/slot.ts";
import { LIMITS } from "../limits.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import type { Roots } from "../rootfs/roots.ts";
import { kernelHostname } from "../sandbox/etc-files.ts";
import { type ConfigKind, MissingObject } from "../volumes/config-objects.ts";
import { missingTokens, type PayloadSources } from "../volumes/payload.ts";
import { PodVolumes } from "../volumes/pod-volumes.ts";
import { BackOff } from "./back-off.ts";
import { ContainerLife } from "./container-life.ts";
import type { PodSources } from "./environment.ts";
import { events } from "./events.ts";
import type { PodObservation } from "./observation.ts";
import { type Action, allContainers, graceMs, isDeleted, plan } from "./plan.ts";
import { assertFolderName, type PodRecord, readReportedStatus, writeReportedStatus } from "./pod-record.ts";
import { PodSandbox } from "./pod-sandbox.ts";
import { type PodEvent, type PodSurroundings, refOf } from "./ports.ts";
import { serviceEnvironment } from "./service-environment.ts";
import { startContainer } from "./start-container.ts";
import { DEADLINE_EXCEEDED, deadlineMs, hasEnded, podStatus } from "./status.ts";

export class PodWorker {
  readonly #around: PodSurroundings;
  readonly #podsDir: string;
  readonly #podDir: string;
  readonly #roots: Roots;
  readonly #sandbox: PodSandbox;
  readonly #volumes: PodVolumes;
  /** Not before then are volumes tried again that could not be set up. */
  #volumesRetryAtMs = 0;
  #volumesReady = false;
  #volumesProblem: string | undefined;
  /** Found on disk, and not yet confirmed by the control plane: what it has told of objects may be to come. */
  #isUnconfirmed: boolean;
  readonly #slots = new Map<string, ContainerSlot>();
  readonly #lives = new Map<string, ContainerLife>();
  readonly #backOff = new BackOff();
  readonly #startTimeMs: number;
  #pod: Pod;
  /** The last status, also one that a daemon before this one reported. */
  #reported: PodStatus | undefined;
  /** This daemon has reported one: whether those of the one before it got through, nobody knows. */
  #hasReported = false;
  /** After an action that failed, none is tried before then. */
  #failedUntilMs = 0;
  /** When the first container was asked to end because the Pod ends. */
  #stoppingSinceMs: number | undefined;
  #busy = false;
  #again = false;
  #closed = false;
  #cancelWake: () => void = () => {};

  constructor(
    around: PodSurroundings,
    podsDir: string,
    roots: Roots,
    pod: Pod,
    record: PodRecord | undefined,
  ) {
    assertFolderName("metadata.uid", pod.metadata.uid);
    for (const { name } of allContainers(pod)) assertFolderName("container", name);
    this.#around = around;
    this.#podsDir = podsDir;
    this.#podDir = join(podsDir, pod.metadata.uid);
    this.#roots = roots;
    this.#pod = pod;
    this.#isUnconfirmed = record !== undefined;
    this.#startTimeMs = record?.startTimeMs ?? around.clock.nowMs();
    // A Pod that has ended stays so, even where this node has lost what it knew of it.
    this.#reported =
      readReportedStatus(this.#podDir) ?? (pod.status?.containerStatuses ? pod.status : undefined);
    this.#sandbox = new PodSandbox(around, this.#podDir, this.#startTimeMs, record, {
      changed: () => this.wake(),
      event: event => this.#event(event),
    });
    const nowMs = () => around.clock.nowMs();
    const { labDir, nodeDir } = around;
    this.#volumes = new PodVolumes({ labDir, nodeDir, podDir: this.#podDir, root: roots.host, nowMs });
    for (const { name } of allContainers(pod)) {
      this.#slots.set(name, this.#slot(name));
      this.#lives.set(name, this.#life(name));
    }
  }

  get pod(): Pod {
    return this.#pod;
  }

  get status(): PodStatus | undefined {
    return this.#reported;
  }

  /** Waits for an address: see PodSandbox. */
  get wantsAddress(): boolean {
    return this.#sandbox.wantsAddress;
  }

  /** Holds the pod's namespaces; undefined while there is no sandbox. */
  get holder(): ProcessIdentity | undefined {
    return this.#sandbox.holder;
  }

  slot(name: string): ContainerSlot | undefined {
    return this.#slots.get(name);
  }

  /** A newer version of the same Pod. */
  apply(pod: Pod): void {
    this.#pod = pod;
    if (this.#isUnconfirmed) this.#volumesRetryAtMs = 0;
    this.#isUnconfirmed = false;
    if (this.#volumesReady) this.#volumes.update(pod, this.#payloadSources());
    this.wake();
  }

  /** Volumes follow; what waited for the object is tried again. */
  objectChanged(kind: ConfigKind, namespace: string, name: string): void {
    const refers = configReferences(this.#pod).some(one => one.kind === kind && one.name === name);
    if (!refers || this.#pod.metadata.namespace !== namespace || this.#closed) return;
    if (this.#volumesReady) this.#volumes.update(this.#pod, this.#payloadSources());
    this.#volumesRetryAtMs = 0;
    for (const slot of this.#slots.values()) {
      if (slot.observation.problem?.reason === "CreateContainerConfigError") slot.problem = undefined;
    }
    this.wake();
  }

  /** Finds sandbox and containers again after a restart of the daemon. */
  async recover(): Promise<void> {
    for (const slot of this.#slots.values()) await slot.recover();
    await this.#sandbox.recover(this.#pod);
    for (const life of this.#lives.values()) life.recovered();
    this.wake();
  }

  /** Something may have changed. */
  wake(): void {
    this.#again = true;
    if (this.#busy || this.#closed) return;
    this.#busy = true;
    void this.#passes().finally(() => {
      this.#busy = false;
      if (this.#again) this.wake();
    });
  }

  addressReleased(): void {
    this.#sandbox.retryNow();
    this.wake();
  }

  /** Lets go of everything; sandbox and containers go on. */
  close(): void {
    this.#closed = true;
    this.#cancelWake();
    this.#sandbox.close();
    for (const life of this.#lives.values()) life.close();
    for (const slot of this.#slots.values()) slot.close();
  }

  async #passes(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#pass();
    }
  }

  async #pass(): Promise<void> {
    const nowMs = this.#around.clock.nowMs();
    const seen = this.#look();
    const next = plan(this.#pod, seen, this.#backOff, nowMs);
    this.#noteBackOffs(next.backOffs);
    this.#report(podStatus(this.#pod, seen, this.#statusContext(nowMs)));
    this.#wakeAt(next.wakeAtMs);
    if (this.#failedUntilMs > nowMs) return;
    try {
      for (const action of next.actions) await this.#carryOut(action, seen);
    } catch (cause) {
      // A full disk, a network that cannot be taken down: the Pod waits, the node goes on.
      this.#event(events.syncFailed((cause as Error).message));
      this.#failedUntilMs = nowMs + LIMITS.sandboxRetryMs;
      this.wake();
    }
  }

  #look(): PodObservation {
    const containers = new Map([...this.#slots].map(([name, slot]) => [name, slot.observation]));
    const sandbox = this.#sandbox.observation;
    const nowMs = this.#around.clock.nowMs();
    const stoppingForMs = nowMs - (this.#stoppingSinceMs ?? nowMs);
    const ended = hasEnded(this.#reported);
    const seen = { volumes: this.#volumesState(), sandbox, containers, ended, stoppingForMs };
    if (seen.ended) return seen;
    const status = podStatus(this.#pod, seen, this.#statusContext(nowMs));
    return { ...seen, ended: hasEnded(status) };
  }

  async #carryOut(action: Action, seen: PodObservation): Promise<void> {
    switch (action.do) {
      case "set-up-volumes":
        return this.#setUpVolumes();
      case "create-sandbox":
        return this.#createSandbox(seen);
      case "remove-sandbox":
        await this.#sandbox.remove(this.#pod);
        return this.wake();
      case "start":
        await this.#start(action.container, action.failedAtMs);
        return this.wake();
      case "stop":
        if (seen.ended || isDeleted(this.#pod)) this.#stoppingSinceMs ??= this.#around.clock.nowMs();
        return this.#lives.get(action.container.name)!.stop(action.graceMs, action.message);
      case "forget":
        return this.#forget();
    }
  }

  #volumesState(): PodObservation["volumes"] {
    if (this.#volumesReady) return "ready";
    return this.#volumesRetryAtMs > this.#around.clock.nowMs() ? "blocked" : "wanted";
  }

  async #setUpVolumes(): Promise<void> {
    try {
      await this.#volumes.setUp(this.#pod, this.#payloadSources());
      this.#volumesReady = true;
    } catch (cause) {
      const { message } = cause as Error;
      const isNews = message !== this.#volumesProblem && !this.#isUnconfirmed;
      if (isNews) this.#event(events.volumeFailed(message));
      if (!this.#isUnconfirmed) this.#volumesProblem = message;
      const nowMs = this.#around.clock.nowMs();
      this.#volumesRetryAtMs =
        (cause as Error).cause instanceof MissingObject
          ? Number.POSITIVE_INFINITY
          : nowMs + LIMITS.volumeRetryMs;
    }
    this.wake();
  }

  #reportMissingTokens(): void {
    for (const volume of this.#pod.spec.volumes ?? []) {
      const tokens = missingTokens(volume);
      if (tokens.length > 0) this.#event(events.tokensMissing(volume.name, tokens));
    }
  }

  async #createSandbox(seen: PodObservation): Promise<void> {
    if (seen.sandbox.state === "gone") this.#event(events.sandboxChanged);
    if (seen.sandbox.attempt === 0) this.#reportMissingTokens();
    await this.#sandbox.create(this.#pod, () => [...this.#slots.values()].flatMap(slot => slot.fifos()));
    // A container that could not be set up in the sandbox before may well be in this one: no reason to wait.
    for (const slot of this.#slots.values()) {
      if (slot.observation.problem?.reason === "CreateContainerError") slot.problem = undefined;
    }
  }

  async #start(container: Container, failedAtMs: number | undefined): Promise<void> {
    const holder = this.#sandbox.holder;
    if (!holder) return;
    const nowMs = this.#around.clock.nowMs();
    if (failedAtMs !== undefined) this.#backOff.attempt(container.name, failedAtMs, nowMs);
    await startContainer({
      labDir: this.#around.labDir,
      podsDir: this.#podsDir,
      podDir: this.#podDir,
      pod: this.#pod,
      container,
      sources: this.#sources(),
      volumes: this.#volumes,
      roots: this.#roots,
      sandbox: holder,
      sandboxAttempt: this.#sandbox.observation.attempt,
      slot: this.#slots.get(container.name)!,
      backOff: this.#backOff,
      nowMs,
      event: event => this.#event(event),
    });
  }

  async #forget(): Promise<void> {
    this.close();
    await this.#volumes.remove(this.#pod);
    await rm(this.#podDir, { recursive: true, force: true });
    this.#around.gone(refOf(this.#pod));
  }

  #slot(name: string): ContainerSlot {
    return new ContainerSlot(this.#podsDir, this.#podDir, name, {
      started: () => this.#lives.get(name)!.started(),
      ended: wasSeen => {
        this.#lives.get(name)!.ended();
        const end = this.#slots.get(name)!.observation.current?.end;
        // Over before it was seen to run.
        if (!wasSeen && end !== undefined && end.reason !== "StartError") {
          this.#event(events.started(this.#pod, this.#container(name)));
        }
        if (end?.reason === "StartError") {
          this.#event(events.failed(this.#pod, this.#container(name), `Error: ${end.message ?? ""}`));
        }
        this.wake();
      },
    });
  }

  #life(name: string): ContainerLife {
    return new ContainerLife({
      slot: this.#slots.get(name)!,
      clock: this.#around.clock,
      pod: () => this.#pod,
      container: () => this.#container(name),
      podIP: () => this.#sandbox.observation.podIPs[0] ?? "",
      reported: () => {
        const { containerStatuses = [], initContainerStatuses = [] } = this.#reported ?? {};
        return [...containerStatuses, ...initContainerStatuses].find(status => status.name === name);
      },
      graceMs: () => graceMs(this.#pod),
      event: event => this.#event(event),
      changed: () => this.wake(),
    });
  }

  #container(name: string): Container {
    return allContainers(this.#pod).find(container => container.name === name)!;
  }

  #payloadSources(): PayloadSources {
    const { objects, resources } = this.#around;
    return { objects, resources };
  }

  #sources(): PodSources {
    const { nodeName, hostIPs, services } = this.#around;
    const { podIPs } = this.#sandbox.observation;
    const place = { nodeName, hostIPs, podIPs, hostname: this.#hostname() };
    return { ...this.#payloadSources(), place, services: serviceEnvironment(this.#pod, services) };
  }

  #hostname(): string {
    const { nodeName, clusterDomain } = this.#around;
    return kernelHostname(this.#pod, nodeName, clusterDomain);
  }

  #noteBackOffs(backOffs: ReadonlyMap<string, number>): void {
    for (const [name, slot] of this.#slots) {
      const untilMs = backOffs.get(name);
      const before = slot.observation.backOff?.untilMs;
      slot.backOff = untilMs === undefined ? undefined : { untilMs, delayMs: this.#backOff.delayMs(name) };
      if (untilMs !== undefined && before === undefined) {
        this.#event(events.backOff(this.#pod, this.#container(name)));
      }
    }
  }

  #wakeAt(timeMs: number | undefined): void {
    this.#cancelWake();
    const failedUntilMs = this.#failedUntilMs > this.#around.clock.nowMs() ? this.#failedUntilMs : undefined;
    const volumes = this.#volumesState() === "blocked" ? this.#volumesRetryAtMs : undefined;
    const deadline = hasEnded(this.#reported) ? undefined : deadlineMs(this.#pod, this.#startTimeMs);
    const times = [timeMs, deadline, this.#sandbox.retryAtMs, failedUntilMs, volumes].filter(
      time => time !== undefined && Number.isFinite(time),
    ) as number[];
    if (times.length === 0) return;
    this.#cancelWake = this.#around.clock.at(Math.min(...times), () => this.wake());
  }

  #statusContext(nowMs: number) {
    return {
      hostIPs: this.#around.hostIPs,
      startTimeMs: this.#startTimeMs,
      nowMs,
      before: this.#reported,
    };
  }

  #report(status: PodStatus): void {
    if (this.#hasReported && JSON.stringify(status) === JSON.stringify(this.#reported)) return;
    this.#hasReported = true;
    const isLate = status.reason === DEADLINE_EXCEEDED && this.#reported?.reason !== DEADLINE_EXCEEDED;
    if (isLate) this.#event(events.deadlineExceeded);
    this.#reported = status;
    writeReportedStatus(this.#podDir, status);
    this.#around.report(refOf(this.#pod), status);
  }

  #event(event: PodEvent): void {
    this.#around.event(refOf(this.#pod), event);
  }
}
