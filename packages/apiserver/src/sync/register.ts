/**
 * A node registers: its Node object is created, or brought up to date, and then it waits for its pod CIDRs.
 *
 * The node owns what it says of itself (its labels, addresses, overlay annotations, capacity, nodeInfo);
 * other labels, annotations, taints and the conditions are other people's and stay.
 */
import { ApiError, isReason, kinds, type Node, type NodeStatus } from "@podwire/api";
import type { Register } from "@podwire/protocol";
import { familyOf, parseAddress } from "@podwire/wire/address";
import { contains, parseCidr } from "@podwire/wire/cidr";
import type { Registry, Stored } from "../registry/registry.ts";
import { internalAddresses, vtepAnnotations } from "./peers.ts";
import { StreamError } from "./stream-error.ts";

/** Returns the stored Node. Throws a StreamError `refused` that names the node, the field and the way out. */
export async function registerNode(
  registry: Registry,
  register: Register,
  clusterCidrs: readonly string[],
): Promise<Stored<Node>> {
  await check(registry, register, clusterCidrs);
  const status = statusOf(register);
  try {
    await createOrUpdate(registry, register);
    const ref = { name: register.name };
    const putStatus = (copy: Node) => {
      copy.status = { ...copy.status, ...status };
    };
    return await registry.mutate(kinds.nodes, ref, putStatus, { subresource: "status" });
  } catch (error) {
    if (isReason(error, "Invalid")) throw new StreamError("refused", error.message, error);
    if (error instanceof ApiError) throw new StreamError("retry", error.message, error);
    throw error;
  }
}

async function createOrUpdate(registry: Registry, register: Register): Promise<void> {
  const { name } = register;
  const labels = { ...systemLabels(register), ...register.labels };
  const annotations = vtepAnnotations(register.vtep);
  try {
    await registry.mutate(kinds.nodes, { name }, copy => {
      copy.metadata.labels = { ...copy.metadata.labels, ...labels };
      copy.metadata.annotations = { ...copy.metadata.annotations, ...annotations };
    });
  } catch (error) {
    if (!isReason(error, "NotFound")) throw error;
    const taints = register.taints.map(({ key, value, effect }) => ({
      key,
      value,
      effect: effect as "NoSchedule",
    }));
    const spec = taints.length > 0 ? { taints } : {};
    await registry.create(kinds.nodes, { metadata: { name, labels, annotations }, spec });
  }
}

/** Those that manifests select nodes by, as the kubelet sets them; the older names as well. */
function systemLabels(register: Register): Record<string, string> {
  const { operatingSystem = "", architecture = "" } = nodeInfoOf(register);
  return {
    "beta.kubernetes.io/arch": architecture,
    "beta.kubernetes.io/os": operatingSystem,
    "kubernetes.io/arch": architecture,
    "kubernetes.io/hostname": register.name,
    "kubernetes.io/os": operatingSystem,
  };
}

function statusOf(register: Register): NodeStatus {
  const { name } = register;
  const capacity = json<Record<string, string>>(register, "capacity");
  return {
    addresses: [
      ...register.addresses.map(address => ({ type: "InternalIP" as const, address })),
      { type: "Hostname", address: name },
    ],
    capacity,
    allocatable: capacity,
    nodeInfo: nodeInfoOf(register),
  };
}

function nodeInfoOf(register: Register): NonNullable<NodeStatus["nodeInfo"]> {
  return json(register, "nodeInfo");
}

function json<T>(register: Register, field: "capacity" | "nodeInfo"): T {
  try {
    return JSON.parse(Buffer.from(register[field]).toString("utf8") || "{}") as T;
  } catch (error) {
    throw refused(register, `${field}: is not JSON: ${(error as Error).message}`);
  }
}

async function check(registry: Registry, register: Register, clusterCidrs: readonly string[]): Promise<void> {
  const { addresses, vtep } = register;
  if (vtep.mac.length !== 6)
    throw refused(register, `vtep.mac: has ${vtep.mac.length} bytes, an Ethernet address six`);
  if (addresses.length === 0)
    throw refused(register, "addresses: at least one address on the underlay is needed");
  const families = new Set<number>();
  for (const address of addresses) {
    const bytes = parseAddress(address);
    if (bytes === undefined) throw refused(register, `addresses: "${address}" is no IP address`);
    const family = familyOf(bytes);
    if (families.has(family))
      throw refused(register, `addresses: ${addresses.join(", ")}: at most one of each family`);
    families.add(family);
    const covering = clusterCidrs.find(text => {
      const cidr = parseCidr(text);
      return cidr !== undefined && contains(cidr, bytes);
    });
    if (covering === undefined) continue;
    throw refused(
      register,
      `addresses: ${address} lies in the cluster CIDR ${covering}, which is for pods; give the underlay or the pods another range`,
    );
  }
  await checkUnused(registry, register);
}

async function checkUnused(registry: Registry, register: Register): Promise<void> {
  for (const { object } of (await registry.list(kinds.nodes)).items) {
    if (object.metadata.name === register.name) continue;
    const address = internalAddresses(object).find(each => register.addresses.includes(each));
    if (address === undefined) continue;
    const { name } = object.metadata;
    throw refused(
      register,
      `addresses: ${address} is the address of Node "${name}"; delete that Node if it is gone`,
    );
  }
}

function refused({ name }: Register, why: string): StreamError {
  return new StreamError("refused", `Node "${name}": ${why}`);
}

/** Waits until the Node has its pod CIDRs; returns undefined when `ended` comes first. */
export async function waitForPodCidrs(
  registry: Registry,
  stored: Stored<Node>,
  ended: AbortSignal,
): Promise<Stored<Node> | undefined> {
  if (stored.object.spec.podCIDRs?.length) return stored;
  const { name } = stored.object.metadata;
  const fields = [{ field: "metadata.name", operator: "=", value: name }] as const;
  const watch = registry.watch(kinds.nodes, { afterRevision: stored.revision, fields });
  const close = () => watch.close();
  ended.addEventListener("abort", close);
  try {
    for (let events = await watch.next(); events !== undefined; events = await watch.next()) {
      for (const event of events) {
        if (event.type === "DELETED")
          throw new StreamError("retry", `Node "${name}" was deleted while it registered`);
        if (event.stored.object.spec.podCIDRs?.length) return event.stored;
      }
    }
    return undefined;
  } finally {
    ended.removeEventListener("abort", close);
    watch.close();
  }
}
