/** A Deployment of a hundred `pause` Pods in a lab of five nodes: from the request until all are Ready. */
import { type Deployment, kinds, type NewObject } from "@podwire/api";
import { openLab, until } from "@podwire/lab";
import { LAB_READY_MS } from "../limits.ts";

const NAMESPACE = "default";
const NAME = "hundred";

export async function measureDeployment(lab: string, replicas: number): Promise<number> {
  const view = await openLab(lab);
  try {
    const start = performance.now();
    const labels = { app: NAME };
    await view.client.create(kinds.deployments, {
      metadata: { namespace: NAMESPACE, name: NAME },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels } as never,
          spec: { containers: [{ name: "pause", image: "pause" }] },
        },
      },
    } satisfies NewObject<Deployment>);
    const readyOf = (all: readonly Deployment[]) => all[0]?.status.readyReplicas ?? 0;
    await until(
      view.client,
      kinds.deployments,
      { namespace: NAMESPACE },
      all => (readyOf(all) === replicas ? true : undefined),
      all => `${readyOf(all)} of ${replicas} Pods are Ready`,
      { timeoutMs: LAB_READY_MS },
    );
    return performance.now() - start;
  } finally {
    view.close();
  }
}
