/** What a node daemon's inspection socket tells: GET over a unix socket, one object of JSON. */
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { LabPaths } from "@podwire/lab";
import type { NodeState } from "@podwire/node";

const TIMEOUT_MS = 1000;

export interface NodeCounters {
  readonly counters: Readonly<Record<string, number>>;
  readonly drops: Readonly<Record<string, number>>;
}

/** Undefined when the daemon does not answer: it is starting, or dead. */
export function nodeCounters(paths: LabPaths, node: string): Promise<NodeCounters | undefined> {
  return ask(paths, node, "/counters");
}

/** As `nodeCounters`. */
export function nodeState(paths: LabPaths, node: string): Promise<NodeState | undefined> {
  return ask(paths, node, "/state");
}

async function ask<T>(paths: LabPaths, node: string, path: string): Promise<T | undefined> {
  const socketPath = join(paths.node(node), "node.sock");
  try {
    const body = await new Promise<string>((resolve, reject) => {
      const exchange = request({ socketPath, path, agent: false, timeout: TIMEOUT_MS }, response =>
        resolve(text(response)),
      );
      exchange.once("timeout", () => exchange.destroy(new Error("timeout")));
      exchange.once("error", reject);
      exchange.end();
    });
    return JSON.parse(body) as T;
  } catch {
    return undefined;
  }
}
