/**
 * The volumes of one Pod, from before its first container until nothing of it is left.
 *
 *   disk      <pod>/volumes/<name>                 emptyDir, ephemeral, configMap, downwardAPI, projected
 *   memory    <root>/.podwire/setup/memory/<uid>/  secret, projected with a Secret; emptyDir of medium Memory, each
 *                                                  a tmpfs of its own. Only in the mount namespace of the root.
 *   claims    <labDir>/claims/<namespace>/<claim>  persistentVolumeClaim: the lab's, on every node the same folder
 *   host      <nodeDir>/host/<path>                hostPath that this machine does not have; what it has is
 *                                                  seen read-only
 */
import { chmodSync, existsSync, lchownSync, mkdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Pod, quantityNumber, type Volume } from "@podwire/api";
import { IN_ROOT, type Root } from "../rootfs/root.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { resolveHostPath } from "./host-path.ts";
import { hasPayload, isSecret, type PayloadSources, volumePayload } from "./payload.ts";

/** A volume as a container's mounts find it. */
export interface VolumePlace {
  /** As this daemon sees it. */
  path: string;
  /** As the setup of a container sees it. */
  inRoot: string;
  isFolder: boolean;
  readOnly: boolean;
}

/** `message` is what the kubelet's event FailedMount says of it. */
class VolumeFailed extends Error {
  override name = "VolumeFailed";

  constructor(volume: string, cause: Error) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${cause.message}`, { cause });
  }
}

export interface PodVolumesOptions {
  labDir: string;
  nodeDir: string;
  podDir: string;
  root: Root;
  nowMs(): number;
}

export class PodVolumes {
  readonly #options: PodVolumesOptions;
  readonly #places = new Map<string, VolumePlace>();
  /** What was last written to a volume: it is written again only when it differs. */
  readonly #written = new Map<string, string>();
  /** The root's holder when the volumes were set up: what is in memory goes with it. */
  #rootPid: number | undefined;

  constructor(options: PodVolumesOptions) {
    this.#options = options;
  }

  place(name: string): VolumePlace | undefined {
    return this.#places.get(name);
  }

  /** Makes every volume that a Pod names; may be repeated. Throws VolumeFailed for the first that cannot be. */
  async setUp(pod: Pod, sources: PayloadSources): Promise<void> {
    if ((pod.spec.volumes ?? []).length === 0) return;
    this.#written.clear();
    this.#rootPid = (await this.#options.root.holder()).pid;
    for (const volume of pod.spec.volumes ?? []) {
      try {
        this.#places.set(volume.name, await this.#setUpOne(pod, volume, sources));
      } catch (cause) {
        throw new VolumeFailed(volume.name, cause as Error);
      }
    }
  }

  /** Sets them up again where the root is another one by now. Throws VolumeFailed. */
  async ensure(pod: Pod, sources: PayloadSources): Promise<void> {
    if ((pod.spec.volumes ?? []).length === 0) return;
    if ((await this.#options.root.holder()).pid !== this.#rootPid) await this.setUp(pod, sources);
  }

  /**
   * Brings the files of API objects up to date. An object that is gone changes nothing: its files stay, as the
   * kubelet leaves them.
   */
  update(pod: Pod, sources: PayloadSources): void {
    for (const volume of pod.spec.volumes ?? []) {
      const place = this.#places.get(volume.name);
      if (!place || !hasPayload(volume)) continue;
      try {
        this.#write(pod, volume, place.path, sources);
      } catch {
        // Missing by now, or without a key that it had.
      }
    }
  }

  /** Removes what goes with the Pod; what is under its folder goes with that. */
  async remove(pod: Pod): Promise<void> {
    const { root } = this.#options;
    const holder = root.running();
    const memory = holder && `/proc/${holder.pid}/root${join(IN_ROOT.memory, pod.metadata.uid)}`;
    if (!memory || !existsSync(memory)) return;
    for (const volume of pod.spec.volumes ?? []) {
      if (!inMemory(volume)) continue;
      const inRoot = join(IN_ROOT.memory, pod.metadata.uid, volume.name);
      // Not mounted after a restart of the root: then there is nothing to detach.
      await root.run("umount", [inRoot]).catch(() => {});
    }
    await rm(memory, { recursive: true, force: true });
  }

  async #setUpOne(pod: Pod, volume: Volume, sources: PayloadSources): Promise<VolumePlace> {
    const { podDir, labDir, nodeDir } = this.#options;
    const { uid, namespace } = pod.metadata;
    if (volume.hostPath) return resolveHostPath(join(nodeDir, "host"), volume.hostPath);
    if (volume.persistentVolumeClaim) {
      const { claimName, readOnly = false } = volume.persistentVolumeClaim;
      const claim = join(namespace, claimName);
      const path = join(labDir, "claims", claim);
      this.#makeShared(pod, path);
      return { path, inRoot: join(IN_ROOT.claims, claim), isFolder: true, readOnly };
    }
    if (inMemory(volume) || isSecret(volume)) return this.#setUpInMemory(pod, volume, sources);
    const path = join(podDir, "volumes", volume.name);
    const inRoot = join(IN_ROOT.pods, uid, "volumes", volume.name);
    if (hasPayload(volume)) {
      mkdirSync(path, { recursive: true });
      this.#write(pod, volume, path, sources);
      return { path, inRoot, isFolder: true, readOnly: true };
    }
    if (!volume.emptyDir && !volume.ephemeral) throw new Error(notProvided(volume));
    this.#makeShared(pod, path);
    return { path, inRoot, isFolder: true, readOnly: false };
  }

  async #setUpInMemory(pod: Pod, volume: Volume, sources: PayloadSources): Promise<VolumePlace> {
    const memory = await this.#options.root.path(join(IN_ROOT.memory, pod.metadata.uid));
    const path = join(memory, volume.name);
    const inRoot = join(IN_ROOT.memory, pod.metadata.uid, volume.name);
    mkdirSync(path, { recursive: true });
    if (hasPayload(volume)) {
      this.#write(pod, volume, path, sources);
      return { path, inRoot, isFolder: true, readOnly: true };
    }
    if (statSync(path).dev === statSync(memory).dev) {
      const { sizeLimit } = volume.emptyDir!;
      const size = sizeLimit === undefined ? "" : `,size=${Math.max(1, quantityNumber(sizeLimit))}`;
      await this.#options.root.run("mount", [
        "-t",
        "tmpfs",
        "-o",
        `nosuid,nodev${size}`,
        "podwire-volume",
        inRoot,
      ]);
    }
    this.#own(pod, path);
    return { path, inRoot, isFolder: true, readOnly: false };
  }

  #write(pod: Pod, volume: Volume, path: string, sources: PayloadSources): void {
    const payload = volumePayload(pod, volume, sources);
    const content = JSON.stringify(
      [...payload].map(([name, { bytes, mode }]) => [name, mode, bytes.toString("latin1")]),
    );
    if (this.#written.get(volume.name) === content && existsSync(path)) return;
    const group = pod.spec.securityContext?.fsGroup;
    writeAtomically(path, payload, { group }, this.#options.nowMs());
    this.#written.set(volume.name, content);
  }

  /** A folder that containers write to, made once. */
  #makeShared(pod: Pod, path: string): void {
    if (existsSync(path)) return;
    mkdirSync(path, { recursive: true });
    this.#own(pod, path);
  }

  #own(pod: Pod, path: string): void {
    const group = pod.spec.securityContext?.fsGroup;
    if (group !== undefined) lchownSync(path, 0, group);
    chmodSync(path, group === undefined ? 0o777 : 0o2777);
  }
}

function inMemory(volume: Volume): boolean {
  return volume.emptyDir?.medium === "Memory";
}

function notProvided(volume: Volume): string {
  const kind = Object.keys(volume).find(key => key !== "name") ?? "a volume without a source";
  return (
    `Podwire does not provide ${kind}; use one of emptyDir, configMap, secret, downwardAPI, projected, hostPath, ` +
    "persistentVolumeClaim and ephemeral"
  );
}
