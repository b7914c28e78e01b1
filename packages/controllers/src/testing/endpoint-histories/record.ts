/**
 * Writes down what the endpoint controllers of a real cluster make of random histories, to be run by hand:
 *
 *   node packages/controllers/dist/testing/endpoint-histories/record.js https://127.0.0.1:6443 TOKEN
 *
 * The cluster is a kube-apiserver of two families with a kube-controller-manager, without any kubelet. Its certificate is
 * not checked, so it belongs on loopback.
 */
import { writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { EndpointSlice, Endpoints } from "@podwire/api";
import { seededRandom } from "@podwire/wire/testing";
import { NODES, randomHistory, type Step, type StepKind } from "./history.ts";
import { type State, stateOf, type Transcript } from "./state.ts";

const HISTORIES = 60;
/**
 * In these upstream's mirroring controller never ends: it recycles the wrong one of two new slices and then asks for a name
 * that is taken (1.34, endpointslicemirroring/reconciler_helpers.go, recycleSlices).
 */
const LEFT_OUT = [40, 54];
const AT_ONCE = 20;
/** Upstream tries again after seconds what it finds out of date. */
const STILL_MS = 8_000;
const POLL_MS = 250;

class Cluster {
  readonly #url: string;
  readonly #token: string;
  readonly #agent = new Agent({ rejectUnauthorized: false, keepAlive: true });

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const sent = body === undefined ? "" : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${this.#token}`,
      "content-type": type,
      "content-length": Buffer.byteLength(sent),
    };
    const answer = await new Promise<string>((resolve, reject) => {
      request(this.#url + path, { method, agent: this.#agent, headers }, response =>
        text(response).then(resolve, reject),
      )
        .on("error", reject)
        .end(sent);
    });
    const parsed = JSON.parse(answer) as T & { kind?: string; status?: string };
    if (parsed.kind === "Status" && parsed.status === "Failure")
      throw new Error(`${method} ${path}: ${answer}`);
    return parsed;
  }
}

async function makeNodes(cluster: Cluster): Promise<void> {
  for (const [name, zone] of Object.entries(NODES)) {
    const labels = zone ? { "topology.kubernetes.io/zone": zone } : {};
    const node = { apiVersion: "v1", kind: "Node", metadata: { name, labels } };
    await cluster.call("POST", "/api/v1/nodes", node).catch(() => {});
  }
}

/** Steps that the cluster refuses (a Pod that has ended goes at once) are no part of the history. */
async function play(cluster: Cluster, namespace: string, steps: readonly Step[]): Promise<Transcript> {
  const history: Step[] = [];
  const states: State[] = [];
  const services = new Set<string>();
  for (const step of steps) {
    if (step.do === "compare") {
      const touch = { metadata: { labels: { compared: String(states.length) } } };
      for (const name of services) await cluster.call("PATCH", pathOf(namespace, "services", name), touch);
      states.push(await stillState(cluster, namespace));
    } else {
      const done = await take(cluster, namespace, step).catch((error: Error) => error);
      if (done instanceof Error) console.error(done.message);
      if (done instanceof Error) continue;
      if (step.kind === "services" && step.do === "create") services.add(step.object.metadata.name);
      if (step.kind === "services" && step.do === "delete") services.delete(step.name);
    }
    history.push(step);
  }
  return { history, states };
}

async function take(
  cluster: Cluster,
  namespace: string,
  step: Exclude<Step, { do: "compare" }>,
): Promise<unknown> {
  if (step.do === "create") return cluster.call("POST", pathOf(namespace, step.kind), step.object);
  const path = pathOf(namespace, step.kind, step.name);
  if (step.do === "delete") return cluster.call("DELETE", path, step.now ? { gracePeriodSeconds: 0 } : {});
  return cluster.call("PATCH", step.do === "status" ? `${path}/status` : path, step.patch);
}

function pathOf(namespace: string, kind: StepKind, name = ""): string {
  return `/api/v1/namespaces/${namespace}/${kind}${name && `/${name}`}`;
}

/** When it has not changed for a while. */
async function stillState(cluster: Cluster, namespace: string): Promise<State> {
  let before = "";
  for (let stillMs = 0; stillMs < STILL_MS; stillMs += POLL_MS) {
    const now = JSON.stringify(await stateIn(cluster, namespace));
    if (now !== before) stillMs = 0;
    before = now;
    await delay(POLL_MS);
  }
  return JSON.parse(before) as State;
}

async function stateIn(cluster: Cluster, namespace: string): Promise<State> {
  const slices = await cluster.call<{ items: EndpointSlice[] }>(
    "GET",
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
  );
  const endpoints = await cluster.call<{ items: Endpoints[] }>(
    "GET",
    `/api/v1/namespaces/${namespace}/endpoints`,
  );
  return stateOf(slices.items, endpoints.items);
}

const [url, token] = process.argv.slice(2);
if (url === undefined || token === undefined) throw new Error("usage: record.js URL TOKEN");
const cluster = new Cluster(url, token);
await makeNodes(cluster);
const lines: string[] = [];
for (let first = 1; first <= HISTORIES; first += AT_ONCE) {
  const seeds = Array.from({ length: AT_ONCE }, (_, at) => first + at).filter(
    seed => !LEFT_OUT.includes(seed),
  );
  const recorded = await Promise.all(
    seeds.map(async seed => {
      const history = randomHistory(seededRandom(seed));
      const namespace = `history-${process.pid}-${seed}`;
      const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
      await cluster.call("POST", "/api/v1/namespaces", object);
      const transcript = await play(cluster, namespace, history);
      return `${JSON.stringify(transcript).replaceAll(namespace, "NAMESPACE")}\n`;
    }),
  );
  lines.push(...recorded);
}
writeFileSync(new URL("../../../transcripts/endpoints.jsonl", import.meta.url), lines.join(""));
process.exit(0);
