/** The namespaces that are there from the first boot on. */
import { isReason, kinds } from "@podwire/api";
import type { Registry } from "./registry.ts";

const SYSTEM_NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];

export async function createSystemNamespaces(registry: Registry): Promise<void> {
  await Promise.all(SYSTEM_NAMESPACES.map(name => createOnce(registry, name)));
}

async function createOnce(registry: Registry, name: string): Promise<void> {
  try {
    await registry.create(kinds.namespaces, { metadata: { name } });
  } catch (error) {
    if (!isReason(error, "AlreadyExists")) throw error;
  }
}
