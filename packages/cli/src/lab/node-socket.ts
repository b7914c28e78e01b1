/** What a node daemon's inspection socket tells: GET over a unix socket, one object of JSON. */
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { LabPaths } from "@podwire/lab";

const TIMEOUT_MS = 1000;

export interface NodeCounters {
  readonly counters: Readonly<Record<string, number>>;
  readonly drops: Readonly<Record<string, number>>;
}

/** Undefined when the daemon does not answer: it is starting, or dead. */
export async function nodeCounters(paths: LabPaths, node: string): Promise<NodeCounters | undefined> {
  const socketPath = join(paths.node(node), "node.sock");
  try {
    const body = await new Promise<string>((resolve, reject) => {
      const exchange = request(
        { socketPath, path: "/counters", agent: false, timeout: TIMEOUT_MS },
        response => resolve(text(response)),
      );
      exchange.once("timeout", () => exchange.destroy(new Error("timeout")));
      exchange.once("error", reject);
      exchange.end();
    });
    return JSON.parse(body) as NodeCounters;
  } catch {
    return undefined;
  }
}
