/** Which container a stream is about, with upstream's answers when that is not clear. */
import { allContainers, badRequest, kinds, type Pod } from "@podwire/api";
import type { NamedExchange } from "../exchange.ts";

const DEFAULT_CONTAINER_ANNOTATION = "kubectl.kubernetes.io/default-container";

export interface StreamTarget {
  readonly pod: Pod;
  readonly container: string;
}

type Asked = Pick<NamedExchange, "services" | "target" | "query">;

export async function streamTarget({ services, target, query }: Asked): Promise<StreamTarget> {
  const { object: pod } = await services.registry.get(kinds.pods, target);
  const container = chooseContainer(pod, query.get("container") ?? "");
  return { pod: bound(pod), container };
}

/** For what is about the Pod as a whole. */
export async function boundPod({ services, target }: Asked): Promise<Pod> {
  return bound((await services.registry.get(kinds.pods, target)).object);
}

function bound(pod: Pod): Pod {
  if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  return pod;
}

function chooseContainer(pod: Pod, asked: string): string {
  const { name } = pod.metadata;
  const names = allContainers(pod.spec).map(each => each.name);
  if (asked !== "") {
    if (names.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only, ...more] = pod.spec.containers.map(each => each.name);
  const preferred = pod.metadata.annotations?.[DEFAULT_CONTAINER_ANNOTATION];
  if (preferred !== undefined && names.includes(preferred)) return preferred;
  if (more.length === 0) return only!;
  const choice = `a container name must be specified for pod ${name}, choose one of: [${[only, ...more].join(" ")}]`;
  const inits = (pod.spec.initContainers ?? []).map(each => each.name);
  throw badRequest(
    inits.length === 0 ? choice : `${choice} or one of the init containers: [${inits.join(" ")}]`,
  );
}
