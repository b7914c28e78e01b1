/**
 * The control path: from a manifest to a process that answers, and what the cluster says when that cannot be.
 */
import assert from "node:assert/strict";
import { kinds, type Pod } from "@podwire/api";
import { until } from "@podwire/lab";
import { ipv4Of, podManifest, runPods, sh, useLab } from "./lab.ts";

describe("journey: the control path", function () {
  this.timeout(60_000);
  const context = useLab({
    nodes: [
      { name: "a", labels: { disk: "ssd" } },
      { name: "b", taints: [{ key: "only", value: "tests", effect: "NoSchedule" }] },
      { name: "c" },
    ],
    networking: { podCIDRs: ["10.77.0.0/16", "fd00:77::/56"], nodeMaskSizes: { IPv4: 29, IPv6: 64 } },
  });

  const pod = (name: string) => context.lab.client.get(kinds.pods, { namespace: "default", name });
  const remove = async (...names: string[]) => {
    for (const name of names) await context.lab.client.delete(kinds.pods, { namespace: "default", name });
    const left = (pods: Pod[]) => pods.filter(each => names.includes(each.metadata.name));
    await until(
      context.lab.client,
      kinds.pods,
      { namespace: "default" },
      pods => (left(pods).length === 0 ? true : undefined),
      pods => `${left(pods).length} pods are still there`,
    );
  };
  const eventOf = (name: string, reason: string) =>
    until(
      context.lab.client,
      kinds.events,
      { namespace: "default" },
      events => events.find(event => event.involvedObject.name === name && event.reason === reason),
      () => `no event ${reason} of ${name}`,
    );

  it("a pod goes where its selector, its tolerations and the others leave room", async () => {
    const onlyTests = { key: "only", operator: "Equal", value: "tests", effect: "NoSchedule" };
    // One after the other: requests made at once may arrive in any order.
    const [ssd] = await runPods(context.lab, [
      podManifest("ssd", { image: "pause", args: [], spec: { nodeSelector: { disk: "ssd" } } }),
    ]);
    const spread = await runPods(context.lab, [
      podManifest("s1", { image: "pause", args: [], spec: { tolerations: [onlyTests] } }),
      podManifest("s2", { image: "pause", args: [], spec: { tolerations: [onlyTests] } }),
    ]);
    assert.equal(ssd!.spec.nodeName, "a");
    assert.deepEqual(spread.map(each => each.spec.nodeName).sort(), ["b", "c"]);
    await remove("ssd", "s1", "s2");
  });

  it("a pod that fits nowhere stays Pending, and an event says why for each node", async () => {
    await context.lab.client.create(
      kinds.pods,
      podManifest("nowhere", { spec: { nodeSelector: { disk: "tape" } } }),
    );
    const event = await eventOf("nowhere", "FailedScheduling");
    assert.match(event.message ?? "", /0\/3 nodes are available/);
    assert.equal((await pod("nowhere")).status.phase, "Pending");
    await remove("nowhere");
  });

  it("a full node range leaves the next pod Pending with an event, until an address is released", async () => {
    // A /29 holds the network, the node, the broadcast address and five pods.
    const five = Array.from({ length: 5 }, (_, i) =>
      podManifest(`p${i}`, { node: "c", image: "pause", args: [] }),
    );
    const running = await runPods(context.lab, five);
    const released = ipv4Of(running[0]!);
    await context.lab.client.create(
      kinds.pods,
      podManifest("sixth", { node: "c", image: "pause", args: [] }),
    );
    await eventOf("sixth", "FailedCreatePodSandBox");
    assert.equal((await pod("sixth")).status.phase, "Pending");
    await remove("p0");
    assert.equal(ipv4Of(await context.lab.podReady("sixth")), released);
    await remove("p1", "p2", "p3", "p4", "sixth");
  });

  it("an image that is not built in needs a command, and says so", async () => {
    await context.lab.client.create(kinds.pods, podManifest("nginx", { image: "nginx:1.27", args: [] }));
    const waiting = await until(
      context.lab.client,
      kinds.pods,
      { namespace: "default" },
      pods =>
        pods.find(each => each.metadata.name === "nginx")?.status.containerStatuses?.[0]?.state?.waiting ??
        undefined,
      () => "no container status",
    );
    assert.match(waiting.reason ?? "", /ErrImagePull|ImagePullBackOff|ContainerCreating/);
    const failed = await eventOf("nginx", "Failed");
    assert.match(failed.message ?? "", /command/);
    await remove("nginx");
  });

  it("any other image runs its command on this machine's files, read-only, with a warning", async () => {
    await runPods(context.lab, [podManifest("tool", { image: "busybox:1", command: ["sleep", "3600"] })]);
    const refused = await context.lab.exec("tool", ["sh", "-c", "touch /usr/bin/nothing"]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /[Rr]ead-only/);
    await sh(context.lab, "tool", "echo mine > /tmp/mine && cat /tmp/mine");
    const events = await context.lab.client.list(kinds.events, { namespace: "default" });
    const warnings = events.items.filter(
      each => each.involvedObject.name === "tool" && each.type === "Warning",
    );
    assert.ok(warnings.length > 0, "a Warning event");
    await remove("tool");
  });

  it("init containers come first, exit codes decide the phase, and logs outlive the process", async () => {
    const spec = {
      restartPolicy: "Never",
      initContainers: [{ name: "init", image: "x", command: ["sh", "-c", "echo prepared"] }],
      containers: [
        {
          name: "job",
          image: "x",
          command: ["sh", "-c", "echo I am $NAME in $NAMESPACE at $IP; exit 3"],
          env: [
            { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
            { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
          ],
        },
      ],
    };
    await context.lab.client.create(kinds.pods, podManifest("job", { spec }));
    const done = await until(
      context.lab.client,
      kinds.pods,
      { namespace: "default" },
      pods => pods.find(each => each.metadata.name === "job" && each.status.phase === "Failed"),
      pods => `job is ${pods.find(each => each.metadata.name === "job")?.status.phase}`,
    );
    assert.equal(done.status.containerStatuses![0]!.state!.terminated!.exitCode, 3);
    assert.equal(done.status.initContainerStatuses![0]!.state!.terminated!.exitCode, 0);
    const log = await context.lab.client.logs({ namespace: "default", name: "job" }, { container: "job" });
    let text = "";
    for await (const part of log) text += Buffer.from(part).toString();
    assert.equal(text, `I am job in default at ${ipv4Of(done)}\n`);
    await remove("job");
  });
});
