/**
 * Containers as a user meets them: what `agnhost connect` says from inside of pods, a container that floods its
 * log, one that keeps failing, and what Kubernetes shows of each.
 */
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { kinds, type Pod } from "@podwire/api";
import { until } from "@podwire/lab";
import { host, ipv4Of, ipv6Of, podManifest, runServers, sh, useLab } from "./lab.ts";

const MEBIBYTE = 1 << 20;
const FLOOD_BYTES = 40 * MEBIBYTE;
/** Two files of ten MiB, and what is read at once beyond. */
const MAX_LOG_BYTES = 21 * MEBIBYTE;
/** No host of the underlay has it, so that nothing answers, and only later an error tells so. */
const SILENT = "172.30.200.200";

describe("journey: containers", function () {
  this.timeout(60_000);
  const context = useLab({ nodes: [{ namePrefix: "node-", count: 2 }] });
  let web: Pod;

  before(async () => {
    [web] = (await runServers(context.lab, [podManifest("web", { node: "node-1" })])) as [Pod];
  });

  const podWith = (name: string, found: (pod: Pod) => boolean) =>
    until(
      context.lab.client,
      kinds.pods,
      { namespace: "default" },
      pods => pods.find(pod => pod.metadata.name === name && found(pod)),
      pods => `${name}: ${JSON.stringify(pods.find(pod => pod.metadata.name === name)?.status)}`,
    );
  const logOf = async (name: string, options: object = {}) => {
    let text = "";
    const log = await context.lab.client.logs({ namespace: "default", name }, options);
    for await (const part of log) text += Buffer.from(part).toString();
    return text;
  };

  /** A pod that connects once, as network policy tests do. */
  async function connectPod(name: string, ...args: string[]): Promise<[phase: string, said: string]> {
    const spec = { restartPolicy: "Never" };
    const words = { node: "node-2", image: "registry.example/e2e-test-images/agnhost:2.53", spec };
    await context.lab.client.create(kinds.pods, podManifest(name, { ...words, args: ["connect", ...args] }));
    const pod = await podWith(name, each => /Succeeded|Failed/.test(each.status.phase ?? ""));
    return [pod.status.phase!, await logOf(name)];
  }

  it("agnhost connect ends as upstream's does, whatever it meets", async () => {
    const cases: [args: (address: string) => string[], phase: string, said: RegExp][] = [
      [address => [`${address}:8080`, "--timeout=5s"], "Succeeded", /^$/],
      [address => [`${address}:8081`, "--timeout=5s", "--protocol=udp"], "Succeeded", /^$/],
      [address => [`${address}:81`, "--timeout=5s"], "Failed", /^REFUSED\n$/],
      [address => [`${address}:81`, "--timeout=5s", "--protocol=udp"], "Failed", /^REFUSED/],
      [address => [`${address}:80`, "--timeout=1s", "--protocol=sctp"], "Failed", /^OTHER/],
      [() => [`${SILENT}:80`, "--timeout=500ms"], "Failed", /^TIMEOUT\n$/],
      [address => [`${address}:no-such-port`, "--timeout=1s"], "Failed", /^DNS/],
    ];
    const runs = [ipv4Of, ipv6Of].flatMap((of, family) =>
      cases.map(async ([args, phase, said], index) => {
        const ended = await connectPod(`connect-${family}-${index}`, ...args(host(of(web))));
        assert.equal(ended[0], phase, `${args(host(of(web)))}: ${ended[1]}`);
        assert.match(ended[1], said);
      }),
    );
    await Promise.all(runs);
  });

  it("a container that floods its log keeps the end of it, in bounded room, and harms nobody", async () => {
    const flood = `yes "$(printf %099d 7)" | head -c ${FLOOD_BYTES}; echo; echo the end`;
    const created = await context.lab.client.create(
      kinds.pods,
      podManifest("flood", {
        node: "node-1",
        image: "x",
        command: ["sh", "-c", flood],
        spec: { restartPolicy: "Never" },
      }),
    );
    await podWith("flood", pod => pod.status.containerStatuses?.[0]?.state?.running !== undefined);
    assert.equal(await sh(context.lab, "web", "hostname"), "web");
    await podWith("flood", pod => pod.status.phase === "Succeeded");
    assert.match(await logOf("flood", { tailLines: 1 }), /^the end\n$/);
    const stored = bytesUnder(join(context.lab.paths.node("node-1"), "pods", created.metadata.uid));
    assert.ok(stored > MEBIBYTE && stored <= MAX_LOG_BYTES, `${stored} bytes`);
  });

  it("a container that keeps failing backs off, and shows it; OnFailure ends with success", async () => {
    const failing = podManifest("failing", {
      image: "x",
      command: ["sh", "-c", "echo run; exit 7"],
    });
    // Fails once: what the run before has left behind in the pod's shared memory says so.
    const once = podManifest("once", {
      image: "x",
      command: ["sh", "-c", "test -e /dev/shm/again || { : >/dev/shm/again; exit 1; }"],
      spec: { restartPolicy: "OnFailure" },
    });
    for (const pod of [failing, once]) await context.lab.client.create(kinds.pods, pod);
    const backedOff = await podWith(
      "failing",
      pod => pod.status.containerStatuses?.[0]?.state?.waiting?.reason === "CrashLoopBackOff",
    );
    const [status] = backedOff.status.containerStatuses!;
    assert.equal(backedOff.status.phase, "Running");
    assert.deepEqual([status!.restartCount, status!.lastState!.terminated!.exitCode], [1, 7]);
    assert.match(status!.state!.waiting!.message!, /^back-off 10s restarting failed container=main/);
    assert.equal(await logOf("failing", { previous: true }), "run\n");
    const ended = await podWith("once", pod => pod.status.phase === "Succeeded");
    assert.equal(ended.status.containerStatuses![0]!.restartCount, 1);
  });
});

function bytesUnder(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
