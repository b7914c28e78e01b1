/** From a container's spec to what is run: command line, environment, user, capabilities, mounts. */
import { dirname, join } from "node:path";
import type { Container, Pod } from "@podwire/api";
import { boundingSet } from "../container/capabilities.ts";
import type { ContainerProcess } from "../container/process.ts";
import { RUN_FILES } from "../container/run-script.ts";
import { imageCommand, resolveImage } from "../images/image.ts";
import { bind, type Mount, mask, standardMounts } from "../rootfs/fstab.ts";
import { isWithin, PRIVATE_FOLDERS } from "../rootfs/host-mounts.ts";
import { PODS_IN_ROOT } from "../rootfs/root.ts";
import { containerEnvironment, declaredEnvironment, expandCommand, type PodPlace } from "./environment.ts";

/** Throws with the field's name: the container is then in CreateContainerConfigError. */
export function containerProcess(pod: Pod, container: Container, place: PodPlace): ContainerProcess {
  const declared = declaredEnvironment(pod, container, place);
  const command = imageCommand(resolveImage(container.image ?? ""), container);
  const own = container.securityContext ?? {};
  const ofPod = pod.spec.securityContext ?? {};
  const user = own.runAsUser ?? ofPod.runAsUser;
  const group = own.runAsGroup ?? ofPod.runAsGroup;
  if ((own.runAsNonRoot ?? ofPod.runAsNonRoot) && !user) {
    throw new Error(
      `container ${container.name}: securityContext.runAsNonRoot: the image runs as root; set runAsUser as well`,
    );
  }
  return {
    command: expandCommand(command, declared),
    environment: containerEnvironment(container, place, declared),
    workingDirectory: container.workingDir || "/",
    boundingSet: boundingSet(own.capabilities),
    ...(user !== undefined && { user }),
    ...(group !== undefined && { group }),
    supplementalGroups: [
      ...(ofPod.supplementalGroups ?? []),
      ...(ofPod.fsGroup !== undefined ? [ofPod.fsGroup] : []),
    ],
    noNewPrivileges: own.allowPrivilegeEscalation === false,
  };
}

/** What a run mounts. Sources lie in the pods' folder as it is seen during setup. */
export function containerMounts(labDir: string, podsDir: string, podDir: string, runFolder: string): Mount[] {
  const pod = join(PODS_IN_ROOT, podDir.slice(podsDir.length));
  const run = join(PODS_IN_ROOT, runFolder.slice(podsDir.length));
  const labs = dirname(labDir);
  const hidden = PRIVATE_FOLDERS.some(folder => isWithin(labs, folder));
  return [
    ...standardMounts(),
    bind(join(pod, "shm"), "/dev/shm"),
    bind(join(run, RUN_FILES.terminationLog), "/dev/termination-log"),
    ...["hosts", "hostname", "resolv.conf"].map(name => bind(join(pod, "etc", name), `/etc/${name}`)),
    // Everything that labs own lies here; under /run and its like it is out of sight already.
    ...(hidden ? [] : [mask(labs)]),
  ];
}
