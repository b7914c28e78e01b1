/** Who owns what of an object that is written: its `managedFields`, from those of the stored one. */
import {
  formatTime,
  type Kind,
  type KubernetesObject,
  type ManagedFieldsEntry,
  trackUpdate,
  type Writer,
} from "@podwire/api";
import type { WriteOptions } from "./registry.ts";
import type { Surroundings } from "./surroundings.ts";

/** Options of a write whose writer is known. */
export type Written<Options extends WriteOptions> = Options & { readonly fieldManager: string };

/** `stored` undefined: the object is new. `next` as it was asked for, with its defaults. */
export type Owners = (
  stored: KubernetesObject | undefined,
  next: KubernetesObject,
) => ManagedFieldsEntry[] | undefined;

export function ownersByUpdate(kind: Kind, writer: Writer): Owners {
  return (stored, next) => trackUpdate(kind, stored, next, writer);
}

export function writerOf(
  { nowMs }: Surroundings,
  { fieldManager, subresource }: Written<WriteOptions> & { readonly subresource?: string },
): Writer {
  return { manager: fieldManager, subresource, time: formatTime(nowMs()) };
}
