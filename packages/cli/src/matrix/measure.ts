/**
 * Measures the matrix from inside of the pods: all of them listen, then one after the other asks all the others.
 * A pod in which the probe does not run is left out, with the reason. Nothing stays behind.
 */
import type { ApiClient } from "@podwire/client";
import { CommandError } from "../errors.ts";
import type { Matrix, MatrixPath, Unmeasured } from "./model.ts";
import { podLabel } from "./model.ts";
import { choosePods, type MatrixSelection } from "./pods.ts";
import { type ProbedPod, probeFrom, serve } from "./probe.ts";

/** `count` is how far the step is, such as `3 of 4`; it changes often. */
export type OnStep = (step: string, count?: string) => void;

/** Pods ask one after the other: more at once would measure how they wait for a processor. */
export async function measureMatrix(
  client: ApiClient,
  selection: MatrixSelection,
  onStep: OnStep,
): Promise<Matrix> {
  const { pods, running } = await choosePods(client, selection);
  requireTwo(pods.length, []);
  onStep(`asking ${pods.length} pods to listen`);
  const servers: ProbedPod[] = [];
  const unmeasured: Unmeasured[] = [];
  try {
    const started = await Promise.all(pods.map(pod => serve(client, pod)));
    started.forEach((server, index) => {
      const { node } = pods[index]!;
      if (typeof server !== "string") servers.push(server);
      else unmeasured.push({ pod: podLabel(pods[index]!), node, reason: server });
    });
    requireTwo(servers.length, unmeasured);
    const paths: MatrixPath[] = [];
    for (const [index, server] of servers.entries()) {
      onStep(`probing from ${servers.length} pods`, `${index + 1} of ${servers.length}`);
      paths.push(...(await probeFrom(client, server, servers)));
    }
    return { paths, unmeasured, running, measured: servers.length };
  } finally {
    for (const { session } of servers) session.close();
  }
}

function requireTwo(count: number, unmeasured: readonly Unmeasured[]): void {
  if (count >= 2) return;
  const reasons = unmeasured.map(({ pod, reason }) => `\npod ${pod}: ${reason}`).join("");
  throw new CommandError(
    reasons === ""
      ? `a matrix needs two running pods, there are ${count}: podwire apply -f examples/demo.yaml makes some`
      : `a matrix needs two pods that run its probe, there are ${count}${reasons}`,
  );
}
