/**
 * Starts a container of a Pod, or notes why that cannot be done now: image, then configuration, then setup.
 * Never throws: a container that does not start is a state of its Pod, not a fault of the node.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Container, Pod } from "@podwire/api";
import type { ContainerProcess } from "../container/process.ts";
import type { RunInfo } from "../container/run.ts";
import { RUN_FILES } from "../container/run-script.ts";
import type { ContainerSlot } from "../container/slot.ts";
import { type Image, type ImageProblem, imageProblem, resolveImage } from "../images/image.ts";
import { stopSignalNumber } from "../images/stop-signal.ts";
import { ImageStore } from "../images/store/store.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import { type ContainerMounts, containerMounts } from "../rootfs/container-mounts.ts";
import type { Roots } from "../rootfs/roots.ts";
import { MissingObject } from "../volumes/config-objects.ts";
import { type ContainerVolumes, containerVolumes } from "../volumes/container-volumes.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";
import type { BackOff } from "./back-off.ts";
import { containerProcess, isReadOnly } from "./container-process.ts";
import type { PodSources } from "./environment.ts";
import { events } from "./events.ts";
import type { Problem } from "./observation.ts";
import type { PodEvent } from "./ports.ts";

export interface StartRequest {
  labDir: string;
  podsDir: string;
  podDir: string;
  pod: Pod;
  container: Container;
  sources: PodSources;
  volumes: PodVolumes;
  roots: Roots;
  sandbox: ProcessIdentity;
  sandboxAttempt: number;
  slot: ContainerSlot;
  backOff: BackOff;
  nowMs: number;
  event(event: PodEvent): void;
}

export async function startContainer(request: StartRequest): Promise<void> {
  const { container, pod, slot } = request;
  const image = findImage(request);
  if ("message" in image) {
    if (image.reason === "ErrImagePull") refuseImage(request, image.message);
    else refuse(request, image.reason, new Error(image.message));
    return;
  }
  if (image.kind !== "host") request.event(events.pulled(pod, container));
  else if (slot.observation.current === undefined) request.event(events.notPulled(pod, container));
  let process: ContainerProcess;
  let volumes: ContainerVolumes;
  try {
    process = containerProcess(pod, container, request.sources, image, request.roots.images);
    await request.volumes.ensure(pod, request.sources);
    volumes = containerVolumes(container, name => request.volumes.place(name), process.environment);
  } catch (cause) {
    return refuse(request, "CreateContainerConfigError", cause as Error);
  }
  try {
    await startRun(request, process, image, volumes);
  } catch (cause) {
    refuse(request, "CreateContainerError", cause as Error);
  }
}

/** Or why it cannot be run. */
function findImage({ container, roots, slot }: StartRequest): Image | ImageProblem {
  const reference = container.image ?? "";
  if (reference === "") return { reason: "InvalidImageName", message: "the container names no image" };
  try {
    const image = resolveImage(reference, roots.images);
    return imageProblem(container, image, slot.observation.current?.imageID) ?? image;
  } catch (cause) {
    return { reason: "InvalidImageName", message: (cause as Error).message };
  }
}

async function startRun(
  request: StartRequest,
  process: ContainerProcess,
  image: Image,
  volumes: ContainerVolumes,
): Promise<void> {
  const { container, pod, slot } = request;
  const stored = image.kind === "stored" ? image.record : undefined;
  const root = await (stored ? request.roots.image() : request.roots.host.holder());
  request.event(events.created(pod, container));
  const info = {
    containerID: `podwire://${randomBytes(32).toString("hex")}`,
    image: container.image!,
    imageID: image.id,
    ...(stored && { onImage: true }),
    ...endOptions(container, stored?.config.stopSignal ?? ""),
    restartCount: slot.nextRestartCount(),
    sandboxAttempt: request.sandboxAttempt,
    sharedProcesses: pod.spec.shareProcessNamespace ?? false,
    ...consoleOptions(container),
    process: { ...process, environment: [...process.environment] },
  };
  const mounts = (runFolder: string) => runMounts(request, runFolder, volumes, stored !== undefined);
  const lower = stored && {
    lowerDirectories: ImageStore.lowerDirectories(stored),
    readOnly: isReadOnly(container),
  };
  await slot.start(info, process, mounts, { root, sandbox: request.sandbox }, lower);
}

function runMounts(
  { container, labDir, podsDir, podDir, roots }: StartRequest,
  runFolder: string,
  volumes: ContainerVolumes,
  onImage: boolean,
): Promise<ContainerMounts> {
  const terminationLog = join(runFolder, RUN_FILES.terminationLog);
  const terminationMessagePath = container.terminationMessagePath || "/dev/termination-log";
  const { name: containerName } = container;
  const ofPod = { labDir, podsDir, podDir, containerName, terminationLog, terminationMessagePath };
  return containerMounts({ ...ofPod, volumes, onImage }, roots.host);
}

/** The Pod's word on how a container is asked to end goes before its image's. */
function endOptions(
  { lifecycle, terminationMessagePolicy }: Container,
  ofImage: string,
): Pick<RunInfo, "stopSignal" | "fallbackToLogs"> {
  const stopSignal = stopSignalNumber(lifecycle?.stopSignal || ofImage);
  return {
    ...(stopSignal !== undefined && { stopSignal }),
    ...(terminationMessagePolicy === "FallbackToLogsOnError" && { fallbackToLogs: true }),
  };
}

function consoleOptions({ stdin, stdinOnce, tty }: Container): Pick<RunInfo, "console" | "stdinOnce"> {
  const kind = tty ? "terminal" : stdin ? "stdin" : undefined;
  return { ...(kind && { console: kind }), ...(stdinOnce && { stdinOnce }) };
}

/** The first refusal is an error, those after it a back-off, as the kubelet shows them. */
function refuseImage(request: StartRequest, why: string): void {
  const { container, pod, slot } = request;
  const again = slot.observation.problem !== undefined;
  const reason = again ? "ImagePullBackOff" : "ErrImagePull";
  const message = again ? `Back-off pulling image "${container.image ?? ""}": ErrImagePull: ${why}` : why;
  if (!again) {
    request.event(events.failed(pod, container, `Failed to pull image "${container.image ?? ""}": ${why}`));
    request.event(events.failed(pod, container, "Error: ErrImagePull"));
  } else {
    request.event(events.pullBackOff(pod, container));
    request.event(events.failed(pod, container, "Error: ImagePullBackOff"));
  }
  noteProblem(request, reason, message);
}

function refuse(request: StartRequest, reason: Problem["reason"], cause: Error): void {
  const { message } = cause;
  const before = request.slot.observation.problem;
  if (before?.message !== message) {
    request.event(events.failed(request.pod, request.container, `Error: ${message}`));
  }
  if (cause instanceof MissingObject) {
    // Its appearance is an event of its own: see PodWorker.objectChanged.
    request.slot.problem = { reason, message, retryAtMs: Number.POSITIVE_INFINITY };
  } else noteProblem(request, reason, message);
}

function noteProblem(request: StartRequest, reason: Problem["reason"], message: string): void {
  const { backOff, container, nowMs, slot } = request;
  const key = `problem/${container.name}`;
  backOff.attempt(key, nowMs, nowMs);
  slot.problem = { reason, message, retryAtMs: nowMs + backOff.delayMs(key) };
}
