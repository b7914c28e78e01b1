/**
 * Apply as kubectl computes it: whatever was applied before, an object that is applied is as if it had been made so from
 * the start, and `kubectl diff` says beforehand what it will be. Random objects, by client-side and server-side apply.
 * Skipped where there is no kubectl.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type KubernetesObject, kinds } from "@podwire/api";
import { type Random, seededRandom, testSeed } from "@podwire/wire/testing";
import { parse } from "yaml";
import { KUBECTL, needsKubectl } from "../testing/kubectl.ts";
import { adminTls, startTestServer, type TestServer } from "../testing/test-server.ts";

const run = promisify(execFile);
const OBJECTS = 20;
const ROUNDS = 3;
/** Applied twice there, and once, in its last form, here. */
const TWICE = "default";
const ONCE = "kube-public";

const seed = testSeed();

describe(`apply as kubectl computes it (PODWIRE_SEED=${seed})`, function () {
  this.timeout(180_000);
  let home: string;
  let server: TestServer;

  before(needsKubectl);
  before(async () => {
    home = await mkdtemp(join(tmpdir(), `podwire-apply-${process.pid}-`));
    server = await startTestServer();
    for (const [name, pem] of Object.entries(adminTls())) await writeFile(join(home, name), pem);
    // kubectl takes the folders of both sides by name: what is in the second is kept.
    await writeFile(join(home, "keep"), '#!/bin/sh\ncp -r "$2" "$MERGED"\nexit 1\n', { mode: 0o755 });
  });
  after(async () => {
    await server?.close();
    if (home) await rm(home, { recursive: true, force: true });
  });

  for (const side of ["client", "server"] as const) {
    it(`${side}-side: twice is as once, and diff has said so`, async () => {
      const random = seededRandom(seed);
      for (let round = 0; round < ROUNDS; round++) {
        const name = (at: number) => `${side}-${round}-${at}`;
        const first = Array.from({ length: OBJECTS }, (_, at) => randomObject(name(at), at, random));
        const then = Array.from({ length: OBJECTS }, (_, at) => randomObject(name(at), at, random));
        await apply(side, TWICE, first);
        const foretold = await diff(side, TWICE, then, String(round));
        await apply(side, TWICE, then);
        await apply(side, ONCE, then);
        for (const { kind, metadata } of then) {
          const twice = await stored(kind, TWICE, metadata.name);
          assert.deepEqual(twice, await stored(kind, ONCE, metadata.name), metadata.name);
          const said = foretold.get(`${kind}/${metadata.name}`);
          if (said !== undefined) assert.deepEqual(said, twice, metadata.name);
        }
        assert.ok(foretold.size > OBJECTS / 2, "diff said too little");
      }
    });
  }

  async function kubectl(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
    const file = (name: string) => join(home, name);
    const tls = [
      "--certificate-authority",
      file("ca"),
      "--client-certificate",
      file("cert"),
      "--client-key",
      file("key"),
    ];
    const environment = { PATH: process.env.PATH, HOME: home, KUBECONFIG: file("none"), ...env };
    await run(KUBECTL, ["-s", server.url, ...tls, ...args], { env: environment, maxBuffer: 1 << 26 });
  }

  async function manifest(namespace: string, objects: readonly Manifest[]): Promise<string> {
    const items = objects.map(object => ({ ...object, metadata: { ...object.metadata, namespace } }));
    const file = join(home, "objects.json");
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    return file;
  }

  async function apply(side: Side, namespace: string, objects: readonly Manifest[]): Promise<void> {
    await kubectl(["apply", ...flags(side), "-f", await manifest(namespace, objects)]);
  }

  /** What each object that would change would become, by `Kind/name`. */
  async function diff(side: Side, namespace: string, objects: readonly Manifest[], round: string) {
    const merged = join(home, `merged-${side}-${round}`);
    await mkdir(merged);
    const env = { KUBECTL_EXTERNAL_DIFF: join(home, "keep"), MERGED: merged };
    const args = ["diff", ...flags(side), "-f", await manifest(namespace, objects)];
    await kubectl(args, env).catch((error: { code: number; stderr: string }) => {
      assert.equal(error.code, 1, error.stderr);
    });
    const [folder] = await readdir(merged);
    const files = await readdir(join(merged, folder!));
    const all = await Promise.all(files.map(each => readFile(join(merged, folder!, each), "utf8")));
    return new Map(
      all.map(text => {
        const object = parse(text) as KubernetesObject;
        return [`${object.kind}/${object.metadata.name}`, bare(object)];
      }),
    );
  }

  async function stored(kind: string, namespace: string, name: string): Promise<object> {
    const entry = kind === "ConfigMap" ? kinds.configMaps : kinds.deployments;
    return bare((await server.registry.get<KubernetesObject>(entry as never, { namespace, name })).object);
  }
});

type Side = "client" | "server";

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string } & Record<string, unknown>;
}

function flags(side: Side): string[] {
  return side === "server" ? ["--server-side"] : [];
}

/** Without what differs between two objects that say the same. */
function bare(object: KubernetesObject): object {
  const { labels, annotations } = object.metadata;
  const { "kubectl.kubernetes.io/last-applied-configuration": _, ...others } = annotations ?? {};
  const { metadata: __, status: ___, ...rest } = object as KubernetesObject & { status?: unknown };
  return structuredClone({ ...rest, labels: labels ?? {}, annotations: others });
}

const KEYS = ["a", "b", "c", "d"];
const some = (random: Random) => KEYS.filter(() => random(2) === 0);

function randomObject(name: string, at: number, random: Random): Manifest {
  const words = (keys: readonly string[]) => Object.fromEntries(keys.map(key => [key, `v${random(3)}`]));
  const metadata = { name, labels: { app: name, ...words(some(random)) }, annotations: words(some(random)) };
  if (at % 2 === 0)
    return { apiVersion: "v1", kind: "ConfigMap", metadata, ...{ data: words(some(random)) } };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata, ...{ spec: randomSpec(name, random) } };
}

function randomSpec(app: string, random: Random): object {
  const volumes = some(random);
  const container = (name: string) => ({
    name,
    image: `image-${random(3)}`,
    ...(random(2) === 0 && { args: some(random) }),
    env: some(random).map(key => ({ name: key.toUpperCase(), value: String(random(3)) })),
    ports: some(random).map((key, port) => ({ name: `p-${key}`, containerPort: 8_000 + port })),
    volumeMounts: volumes.map(volume => ({ name: volume, mountPath: `/mnt/${volume}` })),
    ...(random(2) === 0 && { resources: { limits: { cpu: `${1 + random(3)}` } } }),
  });
  const names = random(2) === 0 ? ["main"] : ["main", "side"];
  return {
    ...(random(2) === 0 && { replicas: random(4) }),
    ...(random(2) === 0 && { minReadySeconds: random(3) }),
    selector: { matchLabels: { app } },
    template: {
      metadata: { labels: { app, version: `v${random(3)}` } },
      spec: {
        containers: names.map(container),
        volumes: volumes.map(volume => ({ name: volume, emptyDir: {} })),
        ...(random(2) === 0 && { nodeSelector: Object.fromEntries(some(random).map(key => [key, "x"])) }),
        tolerations: some(random).map(key => ({ key, operator: "Exists" })),
      },
    },
  };
}
