/** Waiting for the cluster to reach a state: each change of the objects is looked at once, nothing is polled. */
import { type Kind, type KubernetesObject, kinds, type Node, type Pod } from "@podwire/api";
import { type Api, Informer, type Selection } from "@podwire/client";
import { LabError } from "./errors.ts";
import { DEFAULT_WAIT_TIMEOUT_MS } from "./limits.ts";

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

type Source = Pick<Api, "list" | "watch">;

/**
 * Resolves with what `look` finds in the objects, as soon as it finds something. `describe` says what is still
 * missing when the time is over.
 */
export async function until<T extends KubernetesObject, R>(
  api: Source,
  kind: Kind<T>,
  selection: Selection,
  look: (objects: T[]) => R | undefined,
  describe: (objects: T[]) => string,
  options: WaitOptions = {},
): Promise<R> {
  const { timeoutMs = DEFAULT_WAIT_TIMEOUT_MS, signal } = options;
  const informer = new Informer(api, kind, selection);
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    return await new Promise<R>((resolve, reject) => {
      onAbort = () => reject(signal!.reason as Error);
      if (signal?.aborted) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      timer = setTimeout(() => {
        reject(new LabError(`after ${timeoutMs / 1000} s ${describe(informer.values())}`));
      }, timeoutMs);
      let listed = false;
      const again = () => {
        // Half of a list would look as if the rest were not there.
        const found = listed ? look(informer.values()) : undefined;
        if (found !== undefined) resolve(found);
      };
      informer.onChange(again);
      informer.start().then(() => {
        listed = true;
        again();
      }, reject);
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort!);
    informer.stop();
  }
}

export interface NodesReadyOptions extends WaitOptions {
  /** Hears how many nodes are Ready, as often as that changes. */
  readonly onReady?: (ready: number) => void;
  /** What a failure says of the nodes that are not. */
  readonly hint?: (missing: readonly string[]) => string;
}

/** Resolves when each of these nodes is Ready. */
export async function nodesReady(
  api: Source,
  names: readonly string[],
  options: NodesReadyOptions = {},
): Promise<void> {
  const missing = (nodes: Node[]) => {
    const ready = new Set(nodes.filter(isReady).map(node => node.metadata.name));
    return names.filter(name => !ready.has(name));
  };
  let reported = -1;
  await until(
    api,
    kinds.nodes,
    {},
    nodes => {
      const ready = names.length - missing(nodes).length;
      if (ready !== reported) options.onReady?.(ready);
      reported = ready;
      return ready === names.length ? true : undefined;
    },
    nodes => {
      const left = missing(nodes);
      return `these nodes are not Ready: ${left.join(", ")}${options.hint?.(left) ?? ""}`;
    },
    options,
  );
}

/** Resolves with the pods when each of these is Ready. `names` are of one namespace. */
export function podsReady(
  api: Source,
  names: readonly string[],
  options: WaitOptions & { readonly namespace?: string } = {},
): Promise<Pod[]> {
  const { namespace = "default" } = options;
  return until(
    api,
    kinds.pods,
    { namespace },
    pods => {
      const ready = pods.filter(pod => names.includes(pod.metadata.name) && isReady(pod));
      return ready.length === names.length ? ready : undefined;
    },
    pods =>
      names
        .filter(name => !pods.some(pod => pod.metadata.name === name && isReady(pod)))
        .map(name => whyNot(pods, namespace, name))
        .join("; "),
    options,
  );
}

function whyNot(pods: readonly Pod[], namespace: string, name: string): string {
  const pod = pods.find(each => each.metadata.name === name);
  if (!pod) return `pod ${namespace}/${name} does not exist`;
  const waiting = pod.status.containerStatuses
    ?.map(status => status.state?.waiting)
    .find(each => each?.reason);
  const scheduled = pod.status.conditions?.find(
    each => each.type === "PodScheduled" && each.status === "False",
  );
  const reasons = [pod.status.phase, scheduled?.message, waiting?.reason, waiting?.message].filter(Boolean);
  return `pod ${namespace}/${name} is not Ready (${reasons.join(": ")})`;
}

export function isReady(object: Node | Pod): boolean {
  return object.status.conditions?.some(each => each.type === "Ready" && each.status === "True") ?? false;
}
