/** Ten thousand Pods that nobody runs: made through the API, then listed whole and in pages. */
import { connect } from "node:http2";
import { kinds, type NewObject, type Pod } from "@podwire/api";
import type { ApiClient } from "@podwire/client";
import type { ControlPlane } from "./control-plane.ts";

/** Requests under way at once. */
const REQUESTS = 64;
const PATH = "/api/v1/namespaces/default/pods";

export async function createManyPods(client: ApiClient, count: number): Promise<void> {
  let next = 0;
  const creator = async () => {
    for (let at = next++; at < count; at = next++) {
      await client.create(kinds.pods, {
        metadata: { name: `many-${at}`, namespace: "default", labels: { app: `app-${at % 100}` } },
        // No scheduler takes them: what is measured is the API alone.
        spec: {
          schedulerName: "nobody",
          containers: [{ name: "app", image: "pause", env: [{ name: "AT", value: String(at) }] }],
        },
      } satisfies NewObject<Pod>);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS }, creator));
}

export interface Listing {
  readonly ms: number;
  readonly bytes: number;
}

/** As bytes, unparsed: the server's time and the wire's. */
export async function list(plane: ControlPlane, query: string): Promise<Listing> {
  const session = connect(plane.url, plane.tls);
  try {
    const start = performance.now();
    const stream = session.request({ ":path": `${PATH}${query}`, accept: "application/json" });
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) bytes += chunk.length;
    return { ms: performance.now() - start, bytes };
  } finally {
    session.close();
  }
}
