/**
 * Pods as users write them, on a real lab: every kind of volume, configuration that changes under a running pod, probes
 * over the pod network that fail and recover, hooks, and node daemons that are killed in between.
 */
import assert from "node:assert/strict";
import { type ContainerStatus, kinds, type NewObject, type Pod, type PodCondition } from "@podwire/api";
import { until } from "@podwire/lab";
import { podManifest, sh, useLab } from "./lab.ts";

const NAMESPACE = { namespace: "default" };

/** Serves HTTP on 8080; sick for as long as /tmp/sick is there, dead once /tmp/dead is. */
const SERVER = `const { createServer } = require("node:http"), { existsSync } = require("node:fs");
createServer(({ url }, response) => {
  if (existsSync("/tmp/dead") && url === "/live") return;
  response.writeHead(existsSync("/tmp/sick") && url === "/ready" ? 503 : 200).end();
}).listen(8080);`;

describe("journey: pods as users write them", function () {
  this.timeout(120_000);
  const context = useLab({ nodes: [{ namePrefix: "node-", count: 2 }] });

  const client = () => context.lab.client;
  const find = (name: string, found: (pod: Pod) => boolean): Promise<Pod> =>
    until(
      client(),
      kinds.pods,
      NAMESPACE,
      pods => pods.find(pod => pod.metadata.name === name && found(pod)),
      pods => `${name}: ${JSON.stringify(pods.find(pod => pod.metadata.name === name)?.status)}`,
    );
  const gone = (name: string): Promise<true> =>
    until(
      client(),
      kinds.pods,
      NAMESPACE,
      pods => (pods.some(pod => pod.metadata.name === name) ? undefined : true),
      () => `${name} is still there`,
    );
  const event = (name: string, reason: string, message: RegExp) =>
    until(
      client(),
      kinds.events,
      NAMESPACE,
      events =>
        events.find(
          one => one.involvedObject.name === name && one.reason === reason && message.test(one.message ?? ""),
        ),
      events =>
        `${reason}: ${events.filter(one => one.involvedObject.name === name).map(one => one.message)}`,
    );
  const condition = ({ status }: Pod, type: string): PodCondition | undefined =>
    status.conditions?.find(one => one.type === type);
  const isReady = (pod: Pod): boolean => condition(pod, "Ready")?.status === "True";
  const main = ({ status }: Pod): ContainerStatus => status.containerStatuses![0]!;
  const create = (name: string, spec: object, node = "node-1"): Promise<Pod> =>
    client().create(kinds.pods, podManifest(name, { node, image: "x", spec }));
  const setConfig = (name: string, data: Record<string, string>) =>
    client().create(kinds.configMaps, { metadata: { ...NAMESPACE, name }, data } as never);
  const changeConfig = async (name: string, data: Record<string, string>): Promise<void> => {
    const now = await client().get(kinds.configMaps, { ...NAMESPACE, name });
    await client().update(kinds.configMaps, { ...now, data });
  };
  /** In the pod, until a command succeeds: what the node does to its files is nothing that a client could watch. */
  const untilIn = (pod: string, test: string): Promise<string> =>
    sh(context.lab, pod, `for i in $(seq 300); do if ${test}; then exit 0; fi; sleep 0.05; done; exit 1`);

  const sleeper = (more: object): object => ({
    name: "main",
    image: "x",
    command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"],
    ...more,
  });

  it("volumes and variables of ConfigMaps, Secrets and the pod itself; updates reach it, over a killed daemon", async () => {
    await setConfig("settings", { "app.conf": "one", LEVEL: "info" });
    const secret = { metadata: { ...NAMESPACE, name: "keys" }, data: { token: btoa("hush") } };
    await client().create(kinds.secrets, secret as unknown as NewObject<never>);
    const volumeMounts = [
      ...["config", "secret", "cache", "memory", "info", "all", "claim", "host"].map(name => ({
        name,
        mountPath: `/volumes/${name}`,
      })),
      { name: "config", mountPath: "/etc/app.conf", subPath: "app.conf" },
    ];
    const fieldRef = (fieldPath: string) => ({ fieldRef: { fieldPath } });
    await create("volumes", {
      hostname: "one",
      subdomain: "web",
      setHostnameAsFQDN: true,
      hostAliases: [{ ip: "192.0.2.7", hostnames: ["seven"] }],
      dnsConfig: { options: [{ name: "timeout", value: "1" }] },
      securityContext: { fsGroup: 2000 },
      containers: [
        sleeper({
          volumeMounts,
          resources: { limits: { memory: "64Mi" } },
          envFrom: [{ configMapRef: { name: "settings" }, prefix: "CFG_" }],
          env: [
            { name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "token" } } },
            { name: "LIMIT", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
            { name: "BOTH", value: "$(CFG_LEVEL)-$(TOKEN)" },
          ],
        }),
      ],
      volumes: [
        { name: "config", configMap: { name: "settings" } },
        { name: "secret", secret: { secretName: "keys", defaultMode: 0o400 } },
        { name: "cache", emptyDir: {} },
        { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
        { name: "info", downwardAPI: { items: [{ path: "labels", ...fieldRef("metadata.labels") }] } },
        {
          name: "all",
          projected: {
            sources: [
              { serviceAccountToken: { path: "token" } },
              { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
              { secret: { name: "keys" } },
            ],
          },
        },
        { name: "claim", persistentVolumeClaim: { claimName: "data" } },
        { name: "host", hostPath: { path: "/var/lib/podwire-journey", type: "DirectoryOrCreate" } },
      ],
    });
    await find("volumes", isReady);
    const say = (line: string): Promise<string> => sh(context.lab, "volumes", line);
    assert.equal(await say("cat /volumes/config/app.conf /etc/app.conf /volumes/secret/token"), "oneonehush");
    assert.equal(
      await say("cd /volumes/all; ls | xargs; head -1 ca.crt"),
      "ca.crt token\n-----BEGIN CERTIFICATE-----",
    );
    assert.equal(await say("echo $CFG_LEVEL $TOKEN $LIMIT $BOTH"), "info hush 64 info-hush");
    assert.equal(await say("stat -f -c %T /volumes/memory /volumes/secret | xargs"), "tmpfs tmpfs");
    assert.equal(await say("stat -c '%g %a' /volumes/cache"), "2000 2777");
    assert.equal(
      await say("hostname; tail -1 /etc/hosts | xargs"),
      "one.web.default.svc.cluster.local\n192.0.2.7 seven",
    );
    assert.match(
      await say("cat /etc/resolv.conf"),
      /^search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local.*\nnameserver 10\.96\.0\.10\noptions ndots:5 timeout:1$/,
    );
    assert.match(
      (await event("volumes", "ServiceAccountTokenMissing", /./)).message!,
      /"all" comes without token/,
    );

    await changeConfig("settings", { "app.conf": "two" });
    await untilIn("volumes", '[ "$(cat /volumes/config/app.conf)" = two ]');
    assert.equal(await say("ls /volumes/config; cat /etc/app.conf"), "app.conf\none");
    await say("echo kept | tee /volumes/cache/x /volumes/memory/x /volumes/claim/x /volumes/host/x");
    const restarted = context.lab.restarted("node-1");
    await context.lab.kill("node-1");
    await changeConfig("settings", { "app.conf": "three" });
    await restarted;
    await untilIn("volumes", '[ "$(cat /volumes/config/app.conf)" = three ]');
    const now = await client().get(kinds.pods, { ...NAMESPACE, name: "volumes" });
    await client().update(kinds.pods, { ...now, metadata: { ...now.metadata, labels: { tier: "gold" } } });
    await untilIn("volumes", "grep -q gold /volumes/info/labels");
    assert.equal(await say("cat /volumes/cache/x /volumes/memory/x | xargs"), "kept kept");
    assert.equal(main(await find("volumes", isReady)).restartCount, 0);
    await client().delete(kinds.pods, { ...NAMESPACE, name: "volumes" });
    await gone("volumes");

    // A claim is the lab's, on whatever node; a host path its node's.
    const volumes = [{ name: "claim", persistentVolumeClaim: { claimName: "data" } }];
    await create(
      "later",
      { containers: [sleeper({ volumeMounts: [{ name: "claim", mountPath: "/d" }] })], volumes },
      "node-2",
    );
    await find("later", isReady);
    assert.equal(await sh(context.lab, "later", "cat /d/x"), "kept");
  });

  it("what does not exist yet is waited for, and says so", async () => {
    const envFrom = [{ secretRef: { name: "late-secret" } }];
    const volumeMounts = [{ name: "v", mountPath: "/v" }];
    const volumes = [{ name: "v", configMap: { name: "late" } }];
    await create("waiting", { containers: [sleeper({ envFrom, volumeMounts })], volumes });
    const told = await event(
      "waiting",
      "FailedMount",
      /^MountVolume.SetUp failed for volume "v" : configmap "late" not found$/,
    );
    assert.deepEqual([told.source?.component, told.source?.host], ["kubelet", "node-1"]);
    await setConfig("late", { a: "b" });
    const refused = await find(
      "waiting",
      pod => main(pod).state?.waiting?.reason === "CreateContainerConfigError",
    );
    assert.equal(main(refused).state!.waiting!.message, 'secret "late-secret" not found');
    await client().create(kinds.secrets, { metadata: { ...NAMESPACE, name: "late-secret" } } as never);
    await find("waiting", isReady);
  });

  it("probes over the pod network: not ready, ready again, restarted; a killed daemon takes nothing away", async () => {
    const probe = (path: string, failureThreshold: number) => ({
      httpGet: { path, port: "web" },
      periodSeconds: 1,
      failureThreshold,
    });
    const container = sleeper({
      command: ["/.podwire/node", "-e", SERVER],
      ports: [{ name: "web", containerPort: 8080 }],
      startupProbe: probe("/ready", 60),
      readinessProbe: probe("/ready", 1),
      livenessProbe: { ...probe("/live", 2), timeoutSeconds: 1 },
    });
    await create("probed", { containers: [container] });
    const first = await find("probed", isReady);
    assert.equal(main(first).started, true);
    const restarted = context.lab.restarted("node-1");
    await context.lab.kill("node-1");
    await restarted;
    await sh(context.lab, "probed", "touch /tmp/sick");
    const sick = await find("probed", pod => !isReady(pod));
    assert.deepEqual(
      [main(sick).restartCount, main(sick).containerID, condition(sick, "Ready")!.message],
      [0, main(first).containerID, "containers with unready status: [main]"],
    );
    const told = await event(
      "probed",
      "Unhealthy",
      /^Readiness probe failed: HTTP probe failed with statuscode: 503$/,
    );
    assert.equal(told.involvedObject.fieldPath, "spec.containers{main}");
    await sh(context.lab, "probed", "rm /tmp/sick");
    const well = await find("probed", isReady);
    assert.notEqual(condition(well, "Ready")!.lastTransitionTime, "");
    await sh(context.lab, "probed", "touch /tmp/dead");
    await event(
      "probed",
      "Unhealthy",
      /^Liveness probe failed: Get "http:\/\/.*:8080\/live": context deadline exceeded/,
    );
    await event("probed", "Killing", /^Container main failed liveness probe, will be restarted$/);
    const again = await find("probed", pod => main(pod).restartCount === 1 && isReady(pod));
    assert.equal(again.status.podIP, first.status.podIP);
  });

  it("hooks, last words and deadlines", async () => {
    const command = (script: string) => ({ exec: { command: ["sh", "-c", script] } });
    const lifecycle = {
      postStart: command("echo started >/log/post"),
      preStop: command("echo stopping >/log/pre; sleep 0.2"),
    };
    const volumeMounts = [{ name: "log", mountPath: "/log" }];
    const volumes = [{ name: "log", persistentVolumeClaim: { claimName: "hooks" } }];
    await create("hooked", {
      containers: [sleeper({ lifecycle, volumeMounts })],
      volumes,
      terminationGracePeriodSeconds: 20,
    });
    await find("hooked", isReady);
    assert.equal(await sh(context.lab, "hooked", "cat /log/post"), "started");
    const deletedAt = performance.now();
    await client().delete(kinds.pods, { ...NAMESPACE, name: "hooked" });
    await gone("hooked");
    assert.ok(performance.now() - deletedAt < 15_000, "ended by SIGTERM, not by the end of the grace period");
    await create("reader", { containers: [sleeper({ volumeMounts })], volumes });
    await find("reader", isReady);
    assert.equal(await sh(context.lab, "reader", "cat /log/pre"), "stopping");

    const words = { name: "main", image: "x", command: ["sh", "-c", "echo it broke; exit 3"] };
    await create("broken", {
      restartPolicy: "Never",
      containers: [{ ...words, terminationMessagePolicy: "FallbackToLogsOnError" }],
    });
    const broken = await find("broken", pod => pod.status.phase === "Failed");
    const { exitCode, reason, message } = main(broken).state!.terminated!;
    assert.deepEqual([exitCode, reason, message], [3, "Error", "it broke\n"]);
    await create("late-pod", { containers: [sleeper({})], activeDeadlineSeconds: 1 });
    const late = await find("late-pod", pod => pod.status.phase === "Failed");
    assert.equal(late.status.reason, "DeadlineExceeded");
  });
});
