/** From a container's spec to what is run: command line, environment, user, capabilities. */
import { join } from "node:path";
import type { Container, Pod } from "@podwire/api";
import { boundingSet } from "../container/capabilities.ts";
import type { ContainerProcess } from "../container/process.ts";
import { type Image, imageCommand } from "../images/image.ts";
import { imageUser } from "../images/image-user.ts";
import { readMergedFile } from "../images/merged-file.ts";
import type { ImageRecord } from "../images/store/layout.ts";
import type { ImageStore } from "../images/store/store.ts";
import { containerEnvironment, declaredEnvironment, expandCommand, type PodSources } from "./environment.ts";

/** Throws with the field's name: the container is then in CreateContainerConfigError. */
export function containerProcess(
  pod: Pod,
  container: Container,
  sources: PodSources,
  image: Image,
  store: ImageStore,
): ContainerProcess {
  const declared = declaredEnvironment(pod, container, sources);
  const stored = image.kind === "stored" ? image.record : undefined;
  const who = stored ? userOnImage(pod, container, stored, store) : userOnHost(pod, container);
  const own = container.securityContext ?? {};
  const { words, ofImage } = imageCommand(image, container);
  if (words.length === 0) {
    throw new Error(`container ${container.name}: the image has no command: set the container's command`);
  }
  return {
    command: [...words.slice(0, ofImage), ...expandCommand(words.slice(ofImage), declared)],
    environment: containerEnvironment(
      container,
      sources.place,
      declared,
      stored && imageEnvironment(stored, who.home),
    ),
    workingDirectory: container.workingDir || join("/", stored?.config.workingDirectory ?? ""),
    boundingSet: boundingSet(own.capabilities),
    ...(who.user !== undefined && { user: who.user }),
    ...(who.group !== undefined && { group: who.group }),
    supplementalGroups: who.supplementalGroups,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
  };
}

export function isReadOnly({ securityContext }: Container): boolean {
  return securityContext?.readOnlyRootFilesystem ?? false;
}

interface Who {
  user: number | undefined;
  group: number | undefined;
  supplementalGroups: number[];
  home: string;
}

function userOnHost(pod: Pod, container: Container): Who {
  const { user, group, nonRoot } = wantedUser(pod, container);
  if (nonRoot && !user) {
    throw new Error(
      `container ${container.name}: securityContext.runAsNonRoot: the image runs as root; set runAsUser as well`,
    );
  }
  return { user, group, supplementalGroups: podGroups(pod), home: "/root" };
}

/** In the words of the kubelet's verifyRunAsNonRoot. */
function userOnImage(pod: Pod, container: Container, image: ImageRecord, store: ImageStore): Who {
  const { user, group, nonRoot } = wantedUser(pod, container);
  const { user: ofImage } = image.config;
  const [imageName = ""] = ofImage.split(":");
  if (nonRoot && user === undefined && imageName !== "" && !/^\d+$/.test(imageName)) {
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${imageName}), cannot verify user is non-root`,
    );
  }
  const layers = store.layerFolders(image);
  const files = {
    passwd: readMergedFile(layers, "etc/passwd") ?? "",
    group: readMergedFile(layers, "etc/group") ?? "",
  };
  const found = imageUser(user === undefined ? ofImage : String(user), files);
  if (nonRoot && found.uid === 0) {
    throw new Error(
      user === 0
        ? "container's runAsUser breaks non-root policy"
        : "container has runAsNonRoot and image will run as root",
    );
  }
  const isStrict = pod.spec.securityContext?.supplementalGroupsPolicy === "Strict";
  return {
    user: found.uid,
    group: group ?? found.gid,
    supplementalGroups: [...new Set([...(isStrict ? [] : found.groups), ...podGroups(pod)])],
    home: found.home,
  };
}

function wantedUser(pod: Pod, container: Container) {
  const own = container.securityContext ?? {};
  const ofPod = pod.spec.securityContext ?? {};
  return {
    user: own.runAsUser ?? ofPod.runAsUser,
    group: own.runAsGroup ?? ofPod.runAsGroup,
    nonRoot: own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false,
  };
}

function podGroups(pod: Pod): number[] {
  const { supplementalGroups, fsGroup } = pod.spec.securityContext ?? {};
  return [...(supplementalGroups ?? []), ...(fsGroup !== undefined ? [fsGroup] : [])];
}

function imageEnvironment(image: ImageRecord, home: string): Map<string, string> {
  const pairs = image.config.environment.map(line => {
    const equals = line.indexOf("=");
    return equals < 0 ? ([line, ""] as const) : ([line.slice(0, equals), line.slice(equals + 1)] as const);
  });
  return new Map([["HOME", home], ...pairs]);
}
