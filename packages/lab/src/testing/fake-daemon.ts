/**
 * Stands in for `podwire` in tests of the lab: the same command lines, ready pipe and signals, with a control
 * plane that only knows which nodes are connected, and nodes that hold one "pod" each.
 *
 * FAKE_FAULTS="node-1=crash,node-2=deaf" makes daemons misbehave: `crash` ends before it is ready, `silent` never
 * says that it is ready, `deaf` ignores SIGTERM, `unready` never connects, `loop` dies right after it was ready.
 */

import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { createConnection, createServer as createSocketServer } from "node:net";
import { readServerFiles } from "@podwire/pki";
import { spawnHolder } from "@podwire/runtime";

const [role, ...words] = process.argv.slice(2);
const option = (name: string) => words[words.indexOf(`--${name}`) + 1]!;
const name = role === "node" ? option("name") : "control-plane";
const faults = new Map(
  (process.env.FAKE_FAULTS ?? "").split(",").map(each => each.split("=") as [string, string]),
);
const fault = faults.get(name);

console.log(`${name} starts`);
if (fault === "crash") {
  console.error(`${name} cannot go on`);
  process.exit(3);
}
process.on("SIGTERM", () => {
  if (fault !== "deaf") process.exit(0);
});
if (role === "node") await runNode();
else await runControlPlane();
if (fault !== "silent") writeSync(Number(process.env.PODWIRE_READY_FD), '{"ready":true}\n');
if (fault === "loop") setTimeout(() => process.exit(4), 5);

/**
 * Holds a pod and runs a container in it as the runtime does: with nothing of this process's environment, and in
 * a mount namespace of its own that shows a part of the node's directory.
 */
async function runNode(): Promise<void> {
  const holder = await spawnHolder({ labDir: option("lab-dir"), what: `pod/of-${name}`, net: true });
  mkdirSync(`${option("dir")}/pods`, { recursive: true });
  const container = `mount --bind ${option("dir")}/pods /mnt && exec sleep 1000`;
  spawn("nsenter", [`--net=/proc/${holder.pid}/ns/net`, "unshare", "--mount", "sh", "-c", container], {
    detached: true,
    env: {},
    stdio: "ignore",
  }).unref();
  const connect = () => {
    if (fault === "unready") return;
    const socket = createConnection(option("server").replace(/^unix:/, ""), () => socket.write(name));
    socket.on("error", () => {});
    socket.on("close", () => setTimeout(connect, 20));
  };
  connect();
}

interface FakeNode {
  readonly isReady: boolean;
  readonly revision: number;
}

async function runControlPlane(): Promise<void> {
  const known = new Map<string, FakeNode>();
  const watchers = new Set<ServerResponse>();
  let revision = 1;
  const node = ([nodeName, { isReady, revision }]: [string, FakeNode]) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: nodeName, uid: nodeName, resourceVersion: String(revision) },
    spec: {},
    status: { conditions: [{ type: "Ready", status: isReady ? "True" : "False" }] },
  });
  const tell = (watcher: ServerResponse, entry: [string, FakeNode]) =>
    watcher.write(`${JSON.stringify({ type: "MODIFIED", object: node(entry) })}\n`);
  const set = (nodeName: string, isReady: boolean) => {
    known.set(nodeName, { isReady, revision: ++revision });
    for (const watcher of watchers) tell(watcher, [nodeName, known.get(nodeName)!]);
  };
  const nodes = createSocketServer(socket => {
    socket.on("error", () => {});
    socket.once("data", data => {
      set(String(data), true);
      socket.once("close", () => set(String(data), false));
    });
  });
  const { certificate, key, clientAuthority } = readServerFiles(option("pki"), "apiserver");
  const tls = { cert: certificate, key, ca: clientAuthority, requestCert: true };
  const api = createServer(tls, (request: IncomingMessage, response) => {
    const url = new URL(request.url!, "http://localhost");
    response.setHeader("content-type", "application/json");
    if (url.searchParams.get("watch") === "true") {
      response.flushHeaders();
      watchers.add(response);
      response.on("close", () => watchers.delete(response));
      const after = Number(url.searchParams.get("resourceVersion"));
      for (const entry of known) if (entry[1].revision > after) tell(response, entry);
      return;
    }
    const items = url.pathname === "/api/v1/nodes" ? [...known].map(node) : [];
    response.end(
      JSON.stringify({ kind: "NodeList", metadata: { resourceVersion: String(revision) }, items }),
    );
  });
  const [host, port] = option("listen").split(":");
  rmSync(option("nodes-socket"), { force: true });
  await new Promise<void>(resolve => nodes.listen(option("nodes-socket"), resolve));
  await new Promise<void>(resolve => api.listen(Number(port), host, resolve));
}
