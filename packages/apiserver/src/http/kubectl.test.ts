/** A real kubectl against the server. Skipped where there is none. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { KUBECTL, needsKubectl } from "../testing/kubectl.ts";
import { adminTls, podManifest, startTestServer, type TestServer } from "../testing/test-server.ts";

const run = promisify(execFile);

describe("kubectl", () => {
  let home: string;
  let server: TestServer;
  before(needsKubectl);
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), `podwire-kubectl-${process.pid}-`));
    server = await startTestServer();
    for (const [name, pem] of Object.entries(adminTls())) await writeFile(join(home, name), pem);
  });
  afterEach(async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  });

  const kubectl = async (...args: string[]) => {
    const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: join(home, "none") };
    const file = (name: string) => join(home, name);
    const admin = ["--client-certificate", file("cert"), "--client-key", file("key")];
    const tls = ["--certificate-authority", file("ca"), ...admin];
    return (await run(KUBECTL, ["-s", server.url, ...tls, ...args], { env })).stdout;
  };
  const fails = async (...args: string[]) => {
    const error = await kubectl(...args).then(assert.fail, each => each as { stderr: string });
    return error.stderr;
  };

  it("creates, shows, changes and deletes", async () => {
    const file = join(home, "pod.json");
    await writeFile(file, JSON.stringify(podManifest("web")));
    assert.equal(await kubectl("create", "-f", file, "--validate=false"), "pod/web created\n");
    assert.match(
      await kubectl("get", "pods"),
      /^NAME +READY +STATUS +RESTARTS +AGE\nweb +0\/1 +Pending +0 +\d+s\n$/,
    );
    assert.match(
      await kubectl("get", "po", "-o", "wide"),
      /IP +NODE +NOMINATED NODE +READINESS GATES\n.*<none> +<none>/,
    );
    assert.equal(await kubectl("get", "pod", "web", "-o", "jsonpath={.spec.containers[0].image}"), "nginx:1");
    assert.equal(await kubectl("label", "pod", "web", "tier=front"), "pod/web labeled\n");
    assert.match(await kubectl("get", "pods", "-A", "-l", "tier=front", "-o", "name"), /^pod\/web\n$/);
    assert.match(await kubectl("describe", "pod", "web"), /Tolerations:/);
    assert.equal(await kubectl("delete", "pod", "web"), 'pod "web" deleted\n');
    assert.match(await kubectl("get", "ns"), /default +Active/);
  }).timeout(60_000);

  it("explains fields, and has manifests checked", async () => {
    assert.match(await kubectl("explain", "deployment.spec.template.spec.containers"), /\n *image\t<string>/);
    assert.match(await kubectl("explain", "pods", "--recursive"), /\n *containerPort\t<integer>/);
    const file = join(home, "misspelled.json");
    await writeFile(file, JSON.stringify(podManifest("web", { dnsPolicey: "Default" })));
    assert.match(await fails("create", "-f", file), /unknown field "(spec\.)?dnsPolicey"/);
  }).timeout(60_000);

  // From 1.32 on kubectl sends these in protobuf, older ones in JSON.
  it("makes objects from its own templates", async () => {
    await kubectl("create", "namespace", "green");
    await kubectl("create", "configmap", "c", "--from-literal=a=b");
    await kubectl("create", "secret", "generic", "s", "--from-literal=a=b");
    await kubectl("create", "serviceaccount", "builder");
    await kubectl("create", "deployment", "web", "--image=nginx:1", "--replicas=0");
    await kubectl("create", "job", "once", "--image=nginx:1", "--", "true");
    await kubectl("create", "service", "clusterip", "web", "--tcp=80:8080");
    await kubectl("create", "ingress", "web", "--rule=host/path=web:80");
    const shown = async (what: string, path: string) => kubectl("get", what, "-o", `jsonpath={${path}}`);
    assert.equal(await shown("configmap/c", ".data.a"), "b");
    assert.equal(await shown("secret/s", ".data.a"), "Yg==");
    assert.equal(await shown("deployment/web", ".spec.replicas"), "0");
    assert.equal(await shown("job/once", ".spec.template.spec.containers[0].command[0]"), "true");
    assert.equal(await shown("service/web", ".spec.ports[0].targetPort"), "8080");
    assert.equal(
      await shown("ingress/web", ".spec.rules[0].http.paths[0].backend.service.port.number"),
      "80",
    );
  }).timeout(60_000);

  it("applies on the server: ownership, conflicts, force, what it applied before by itself", async () => {
    const file = join(home, "map.json");
    const write = (data: object, metadata: object = {}) => {
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", ...metadata }, data };
      return writeFile(file, JSON.stringify(object));
    };
    const owners = async () => {
      const { metadata } = JSON.parse(
        await kubectl("get", "configmap/m", "--show-managed-fields", "-o", "json"),
      );
      return metadata.managedFields.map((each: { manager: string; operation: string; fieldsV1: object }) => [
        each.manager,
        each.operation,
        each.fieldsV1,
      ]);
    };
    await write({ a: "1", b: "1" });
    await kubectl("apply", "-f", file, "--validate=false");
    assert.equal((await owners())[0][0], "kubectl-client-side-apply");
    // Applied on the server, it owns what it applied by itself, and what it no longer applies goes.
    await write({ a: "2" });
    await kubectl("apply", "--server-side", "-f", file, "--validate=false");
    assert.equal(await kubectl("get", "configmap/m", "-o", "jsonpath={.data}"), '{"a":"2"}');
    const apply = (...more: string[]) =>
      kubectl("apply", "--server-side", "--field-manager=other", "-f", file, "--validate=false", ...more);
    await write({ a: "3" });
    const refused = await fails(
      "apply",
      "--server-side",
      "--field-manager=other",
      "-f",
      file,
      "--validate=false",
    );
    assert.match(refused, /^error: Apply failed with 1 conflict: conflict with "kubectl": \.data\.a\n/);
    assert.match(
      await apply("--force-conflicts", "--dry-run=server"),
      /serverside-applied \(server dry run\)/,
    );
    assert.equal(await kubectl("get", "configmap/m", "-o", "jsonpath={.data.a}"), "2");
    assert.equal(await apply("--force-conflicts"), "configmap/m serverside-applied\n");
    assert.equal(await kubectl("get", "configmap/m", "-o", "jsonpath={.data.a}"), "3");
    const after = await owners();
    assert.deepEqual(
      after.find(([manager]: string[]) => manager === "other"),
      ["other", "Apply", { "f:data": { "f:a": {} } }],
    );
    assert.equal(await apply("--force-conflicts"), "configmap/m serverside-applied\n");
  }).timeout(60_000);

  it("patches in every way", async () => {
    const file = join(home, "pod.json");
    await writeFile(file, JSON.stringify(podManifest("web")));
    await kubectl("create", "-f", file, "--validate=false");
    const patch = (type: string, body: unknown) =>
      kubectl("patch", "pod", "web", `--type=${type}`, "-p", JSON.stringify(body));
    await patch("merge", { metadata: { labels: { a: "1" } } });
    await patch("json", [{ op: "replace", path: "/metadata/labels/a", value: "2" }]);
    await patch("strategic", { spec: { containers: [{ name: "app", image: "nginx:2" }] } });
    const shown = await kubectl(
      "get",
      "pod",
      "web",
      "-o",
      "jsonpath={.metadata.labels.a} {.spec.containers[*].image}",
    );
    assert.equal(shown, "2 nginx:2");
  }).timeout(60_000);

  it("prints what the server says is wrong", async () => {
    assert.equal(await fails("get", "pod", "none"), 'Error from server (NotFound): pods "none" not found\n');
    const file = join(home, "bad.json");
    await writeFile(file, JSON.stringify(podManifest("web", { restartPolicy: "Sometimes" })));
    assert.equal(
      await fails("create", "-f", file, "--validate=false"),
      `The Pod "web" is invalid: spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"\n`,
    );
  }).timeout(60_000);
});
