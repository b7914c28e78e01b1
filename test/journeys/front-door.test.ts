/**
 * The front door of a real lab: kubectl and curl come in with the lab's kubeconfig, over HTTP/2 and HTTP/1.1, from the
 * machine and from pods; others do not; nothing listens in the clear; and a user's kubeconfig has the lab for as long
 * as the lab is up.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { promisify } from "node:util";
import { kinds } from "@podwire/api";
import { ApiClient } from "@podwire/client";
import { NodeSyncClient } from "@podwire/client/node-sync";
import { labMembers, labPaths } from "@podwire/lab";
import { readAdminFiles, readNodeFiles } from "@podwire/pki";
import { Commands } from "./command.ts";
import { kubectls } from "./kubectls.ts";
import { podManifest, runServers, sh, useLab } from "./lab.ts";

const run = promisify(execFile);
/** What tells no secret and has no other form: DNS, and `/healthz` as kube-proxy's. */
const NODE_PORTS = [53, 10256];
const PUBLIC = ["/healthz", "/livez", "/readyz", "/version"];

describe("journey: the front door", function () {
  this.timeout(60_000);
  const context = useLab({ nodes: [{ namePrefix: "node-", count: 2 }] });
  const other = new Commands("front");
  const home = join(other.runDirectory, "home");
  after(() => other.clear());

  const pki = (file: string) => join(context.lab.paths.pki, file);
  const admin = () => ["--cacert", pki("ca.crt"), "--cert", pki("admin.crt"), "--key", pki("admin.key")];
  const endpoint = (address: string) => (address.includes(":") ? `[${address}]:6443` : `${address}:6443`);
  const underlay = () => context.lab.topology.underlay.addresses;

  /** What curl got: the code, the HTTP version and the body. */
  async function curl(...args: string[]): Promise<{ code: number; version: string; body: string }> {
    const { stdout } = await run("curl", [
      "-sS",
      "-m",
      "10",
      "-w",
      "\n%{http_code} %{http_version}",
      ...args,
    ]);
    const [, body, code, version] = /^(.*)\n(\d+) ([\d.]+)$/s.exec(stdout)!;
    return { code: Number(code), version: version!, body: body! };
  }

  it("nothing of it listens in the clear, but for cluster DNS and the service proxy's health", async () => {
    const { lab } = context;
    const hosts = [
      process.pid,
      lab.topology.underlay.holder.pid,
      ...lab.topology.nodes.map(({ holder }) => holder.pid),
    ];
    const members = new Set((await labMembers(lab.config.name)).map(({ pid }) => pid));
    const inodes = new Set([...members].flatMap(socketInodes));
    const listening = hosts.flatMap(pid => listeners(pid).filter(({ inode }) => inodes.has(inode)));
    const port = Number(new URL(lab.apiUrl).port);
    const nodes = lab.topology.nodes.map(({ holder }) => holder.pid);
    const expected = [
      { host: lab.topology.underlay.holder.pid, port: 6443 },
      { host: process.pid, port },
      ...nodes.flatMap(host => NODE_PORTS.map(own => ({ host, port: own }))),
    ];
    const ports = listening.map(({ pid, port: bound }) => ({ host: pid, port: bound }));
    assert.deepEqual(
      new Set(ports.map(each => JSON.stringify(each))),
      new Set(expected.map(each => JSON.stringify(each))),
    );
    const fronts = listening.filter(({ pid }) => !nodes.includes(pid));
    assert.equal(fronts.length, 1 + underlay().length);
    const plain = connectTcp(port, "127.0.0.1");
    plain.write("GET /version HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(await text(plain), /Client sent an HTTP request to an HTTPS server/);
  });

  it("kubectl comes in with the lab's kubeconfig", async function () {
    const { kubeconfig } = context.lab.paths;
    assert.equal(statSync(kubeconfig).mode & 0o777, 0o600);
    const found = kubectls();
    if (found.length === 0) this.skip();
    for (const { path: kubectl } of found) {
      const { stdout } = await run(kubectl, ["--kubeconfig", kubeconfig, "get", "nodes"]);
      assert.match(stdout, /\nnode-1 +Ready /, kubectl);
      const info = await run(kubectl, ["--kubeconfig", kubeconfig, "cluster-info"]);
      assert.match(info.stdout, new RegExp(context.lab.apiUrl), kubectl);
    }
  });

  it("curl comes in with the certificate, over HTTP/2 and HTTP/1.1", async () => {
    const url = `${context.lab.apiUrl}/api/v1/nodes/node-1`;
    for (const [flag, version] of [
      ["--http2", "2"],
      ["--http1.1", "1.1"],
    ] as const) {
      const reply = await curl(flag, ...admin(), url);
      assert.deepEqual([reply.code, reply.version], [200, version]);
      assert.equal(JSON.parse(reply.body).metadata.name, "node-1");
    }
    await assert.rejects(
      run("curl", ["-sS", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", ...admin(), url]),
    );
  });

  it("who has no certificate gets health and version, and else 401", async () => {
    const { apiUrl } = context.lab;
    const anonymous = ["--cacert", pki("ca.crt")];
    for (const path of PUBLIC) assert.equal((await curl(...anonymous, apiUrl + path)).code, 200, path);
    const { code, body } = await curl(...anonymous, `${apiUrl}/api/v1/nodes`);
    assert.deepEqual(
      [code, JSON.parse(body).reason, JSON.parse(body).message],
      [401, "Unauthorized", "Unauthorized"],
    );
    const node = ["--cert", pki("nodes/node-1.crt"), "--key", pki("nodes/node-1.key")];
    const forbidden = await curl(...anonymous, ...node, `${apiUrl}/api/v1/nodes`);
    assert.match(
      JSON.parse(forbidden.body).message,
      /^nodes is forbidden: User "system:node:node-1" cannot list /,
    );
    assert.equal(forbidden.code, 403);
  });

  it("pods and nodes reach it on the underlay, over both families", async () => {
    await runServers(context.lab, [podManifest("caller", { node: "node-2" })]);
    for (const address of underlay()) {
      const url = `https://${endpoint(address)}`;
      assert.match(await sh(context.lab, "caller", `curl -sSk -m 5 ${url}/version`), /"gitVersion"/);
      assert.match(await sh(context.lab, "caller", `curl -sSk -m 5 ${url}/api/v1/pods`), /"code":401/);
      const fromNode = await context.lab
        .netnsOfNode("node-1")
        .exec("curl", "-sS", "-m", "5", ...admin(), `${url}/api/v1/nodes`);
      assert.match(fromNode.stdout, /"kind":"NodeList"/, fromNode.stderr);
    }
  });

  it("the node server takes a node for nobody but the one its certificate names", async () => {
    const { pki: directory, nodesSocket } = context.lab.paths;
    let impostor: NodeSyncClient | undefined;
    const refused = new Promise<string>(resolve => {
      impostor = new NodeSyncClient({
        address: `unix:${nodesSocket}`,
        tls: readNodeFiles(directory, "node-1"),
        registration: () => ({
          name: "node-2",
          labels: {},
          taints: [],
          addresses: ["172.30.0.99"],
          vtep: {
            mac: Buffer.alloc(6, 2),
            udpPort: 4789,
            vni: 1,
            underlayMtu: 1500,
            remoteChecksumOffload: true,
          },
          nodeInfo: Buffer.alloc(0),
          capacity: Buffer.alloc(0),
        }),
        handlers: {} as never,
        refused: resolve,
      });
    });
    impostor!.start();
    assert.match(await refused, /^Node "node-2": the client's certificate is for "system:node:node-1"/);
    const [node] = (await context.lab.client.list(kinds.nodes)).items.filter(
      each => each.metadata.name === "node-2",
    );
    assert(node!.status.addresses!.every(({ address }) => address !== "172.30.0.99"));

    const { ca, serverName: servername } = readNodeFiles(directory, "node-1");
    const nobody = connect({ path: nodesSocket, ca, servername, ALPNProtocols: ["h2"] });
    const [error] = await once(nobody, "error");
    assert.match(error.code, /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/);
  });

  it("after kill -9 of the control plane both addresses serve, and clients go on", async () => {
    const { client } = context.lab;
    const { revision } = await client.list(kinds.namespaces);
    const watch = client.watch(kinds.namespaces, revision);
    const restarted = context.lab.restarted("control-plane");
    await context.lab.kill("control-plane");
    await restarted;
    await client.create(kinds.namespaces, { metadata: { name: "after" } });
    const [event] = (await watch.next())!;
    watch.close();
    assert.equal(event!.object.metadata.name, "after");
    const caller = await context.lab.netnsOfPod({ name: "caller" });
    for (const address of underlay()) {
      const reply = await caller.exec("curl", "-sSk", "-m", "5", `https://${endpoint(address)}/version`);
      assert.match(reply.stdout, /"gitVersion"/, reply.stderr);
    }
    const service = await client.get(kinds.services, { namespace: "default", name: "kubernetes" });
    assert.equal(service.spec.clusterIP, "10.96.0.1");
  });

  describe("and a second lab", () => {
    const config = join(home, ".kube", "config");
    const env = { HOME: home, KUBECONFIG: "" };
    const podwire = (...words: string[]) => other.start(words, { env }).outcome;

    before(async () => {
      mkdirSync(join(home, ".kube"), { recursive: true });
      const up = await podwire("up", "--detach", "--nodes", "1", "--name", "second");
      assert.equal(up.code, 0, up.stderr);
      assert.match(
        up.stderr,
        /\nAPI server: https:\/\/127\.0\.0\.1:\d+\nkubectl: export KUBECONFIG=\S+\/second\/kubeconfig\n/,
      );
    });

    it("has certificates that the first one does not take, nor the other way round", async () => {
      const foreign = readAdminFiles(labPaths("second", other.runDirectory).pki);
      const own = readAdminFiles(context.lab.paths.pki);
      const { apiUrl: url } = context.lab;
      const intruder = new ApiClient({ url, tls: { ...foreign, ca: own.ca } });
      await assert.rejects(intruder.list(kinds.nodes), { code: 401, message: "Unauthorized" });
      const lost = new ApiClient({ url, tls: { ...own, ca: foreign.ca } });
      await assert.rejects(lost.list(kinds.nodes), /does not prove to be the lab's API server/);
      intruder.close();
      lost.close();
    });

    it("is in the user's kubeconfig from --merge until down", async () => {
      const mine = `# mine\napiVersion: v1\nkind: Config\nclusters: []\ncontexts:\n- name: work\n  context: {}\nusers: []\ncurrent-context: work\n`;
      writeFileSync(config, "clusters: [");
      const refused = await podwire("kubeconfig", "--name", "second", "--merge");
      assert.deepEqual([refused.code, readFileSync(config, "utf8")], [1, "clusters: ["]);
      assert.match(
        refused.stderr,
        /\.kube\/config is no kubeconfig that can be changed .*: mend it, or set KUBECONFIG/,
      );

      writeFileSync(config, mine);
      const printed = await podwire("kubeconfig", "--name", "second");
      assert.match(printed.stdout, /^apiVersion: v1\nkind: Config\n[\s\S]*current-context: podwire-second\n/);
      assert.equal(readFileSync(config, "utf8"), mine);
      const merged = await podwire("kubeconfig", "--name", "second", "--merge", "--use-context");
      assert.equal(merged.stderr, `merged into ${config}: kubectl get nodes\n`);
      const [kubectl] = kubectls();
      if (kubectl) {
        const { stdout } = await run(kubectl.path, ["get", "nodes"], { env: { ...process.env, ...env } });
        assert.match(stdout, /\nnode-1 +Ready /);
      }
      const files = readdirSync(join(home, ".kube")).filter(name => name !== "cache");
      assert.deepEqual(files, ["config"]);
      const down = await podwire("down", "--name", "second");
      assert.equal(down.code, 0, down.stderr);
      const after = readFileSync(config, "utf8");
      assert.doesNotMatch(after, /podwire/);
      assert.match(after, /^# mine\n[\s\S]*current-context: work\n$/);
    });
  });
});

interface Listener {
  /** Whose network namespace. */
  readonly pid: number;
  readonly port: number;
  readonly inode: string;
}

/** TCP sockets that listen in the network namespace of a process; proc_pid_net(5), state 0A. */
function listeners(pid: number): Listener[] {
  return ["tcp", "tcp6"].flatMap(table => {
    const [, ...lines] = readFileSync(`/proc/${pid}/net/${table}`, "utf8").trim().split("\n");
    return lines
      .map(line => line.trim().split(/\s+/))
      .filter(fields => fields[3] === "0A")
      .map(fields => ({ pid, port: Number.parseInt(fields[1]!.split(":")[1]!, 16), inode: fields[9]! }));
  });
}

function socketInodes(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(
      fd => /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
    );
  } catch {
    return []; // it has ended
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
