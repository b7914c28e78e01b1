/** A daemon that is killed and started again: flows to Services go on, whoever speaks first, with what they had. */
import assert from "node:assert/strict";
import { Protocol } from "@podwire/wire";
import { testSeed } from "@podwire/wire/testing";
import { SimulatedCluster } from "./testing/cluster.ts";
import { Random } from "./testing/random.ts";
import { backends, pass, service } from "./testing/service-traffic.ts";
import { expectFlow } from "./testing/trace.ts";

const SERVICE = "10.96.0.10";
const PODS = ["10.244.1.2:8080", "10.244.1.3:8080", "10.244.2.2:8080"];

/** As long as ticks say what the time is. */
function restart(cluster: SimulatedCluster, awayMs = 300): void {
  const { node } = cluster.pod("web");
  node.pipeline.tick(cluster.nowMs);
  cluster.nowMs += awayMs;
  cluster.restart(node);
}

describe("Pipeline: restart", () => {
  it("takes what a backend says first for the Service's answer", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([service(SERVICE, Protocol.Tcp, 80, PODS.slice(0, 1))]);
    assert.equal(pass(cluster, `web -> ${SERVICE} tcp/80`), "db: 10.244.0.2:40000 -> 10.244.1.2:8080");
    const answer = () => pass(cluster, "db -> web tcp/40000 sport=8080 flags=A");
    assert.equal(answer(), "web: 10.96.0.10:80 -> 10.244.0.2:40000");
    restart(cluster);
    assert.equal(answer(), "web: 10.96.0.10:80 -> 10.244.0.2:40000");
    restart(cluster);
    assert.equal(
      pass(cluster, `web -> ${SERVICE} tcp/80 flags=A`),
      "db: 10.244.0.2:40000 -> 10.244.1.2:8080",
      "twice",
    );
    assert.deepEqual(cluster.drops(), {});
  });

  it("keeps UDP and draining TCP at their backends, although others would be chosen now", () => {
    const cluster = new SimulatedCluster();
    for (const pod of ["10.244.1.2:8080", "10.244.1.3:8080"]) {
      cluster.serve([service(SERVICE, Protocol.Tcp, 80, [pod]), service(SERVICE, Protocol.Udp, 80, [pod])]);
      const sport = pod.includes("1.2") ? 40001 : 40002;
      for (const protocol of ["tcp", "udp"])
        assert.match(pass(cluster, `web -> ${SERVICE} ${protocol}/80 sport=${sport}`), new RegExp(pod));
    }
    cluster.serve([
      service(SERVICE, Protocol.Tcp, 80, ["10.244.2.2:8080"]),
      service(SERVICE, Protocol.Udp, 80, PODS, 1),
    ]);
    for (let round = 0; round < 2; round++) {
      for (const [sport, pod] of [
        [40001, "db: 10.244.0.2:40001 -> 10.244.1.2:8080"],
        [40002, "cache: 10.244.0.2:40002 -> 10.244.1.3:8080"],
      ] as const) {
        assert.equal(pass(cluster, `web -> ${SERVICE} tcp/80 flags=A sport=${sport}`), pod);
        assert.equal(pass(cluster, `web -> ${SERVICE} udp/80 sport=${sport}`), pod);
      }
      restart(cluster);
    }
  });

  it("keeps other source ports and masquerade addresses that flows were given", () => {
    const cluster = new SimulatedCluster();
    const [pod] = PODS;
    cluster.serve([
      service(SERVICE, Protocol.Udp, 80, [pod!]),
      service("10.96.0.11", Protocol.Udp, 80, [pod!]),
      service("0.0.0.0", Protocol.Udp, 30_080, [pod!]),
    ]);
    const lines = [
      `web -> ${SERVICE} udp/80`,
      "web -> 10.96.0.11 udp/80",
      "host-a -> 192.168.0.1 udp/30080 from=198.51.100.7",
      "host-a -> 192.168.0.1 udp/30080 from=198.51.100.8",
    ];
    const before = lines.map(line => pass(cluster, line));
    assert.equal(new Set(before).size, 4);
    const [, masqueraded] = /10\.244\.0\.0:(\d+)/.exec(before[3]!)!;
    restart(cluster);
    assert.equal(
      pass(cluster, `db -> 10.244.0.0 udp/${masqueraded} sport=8080`),
      "host-a: 192.168.0.1:30080 -> 198.51.100.8:40000",
    );
    assert.deepEqual(
      lines.toReversed().map(line => pass(cluster, line)),
      before.toReversed(),
    );
  });

  it("waits for a pod that is not back yet", () => {
    const cluster = new SimulatedCluster();
    const { node } = cluster.pod("web");
    cluster.serve([service(SERVICE, Protocol.Tcp, 80, PODS.slice(0, 1))]);
    pass(cluster, `web -> ${SERVICE} tcp/80`);
    restart(cluster);
    cluster.publish(node, ["web"]);
    expectFlow(cluster, "db -> web tcp/40000 sport=8080 flags=A", "dropped flow-waits at a");
    cluster.publish(node);
    assert.equal(
      pass(cluster, "db -> web tcp/40000 sport=8080 flags=A"),
      "web: 10.96.0.10:80 -> 10.244.0.2:40000",
    );
  });

  it("forgets what was idle too long meanwhile, and whose backend went, if it is UDP", () => {
    const cluster = new SimulatedCluster();
    const serve = (...pods: string[]) => cluster.serve([service(SERVICE, Protocol.Udp, 80, pods)]);
    serve(PODS[0]!);
    pass(cluster, `web -> ${SERVICE} udp/80`);
    serve(PODS[1]!, PODS[0]!);
    restart(cluster, 31_000);
    serve(PODS[2]!);
    assert.equal(pass(cluster, `web -> ${SERVICE} udp/80`), "job: 10.244.0.2:40000 -> 10.244.2.2:8080");
    restart(cluster);
    serve(PODS[1]!);
    assert.equal(pass(cluster, `web -> ${SERVICE} udp/80`), "cache: 10.244.0.2:40000 -> 10.244.1.3:8080");
  });

  it("never breaks on memory that is not what it left", () => {
    const seed = testSeed();
    const random = new Random(seed);
    const cluster = new SimulatedCluster({ flows: 64 });
    const { node } = cluster.pod("web");
    cluster.serve([service(SERVICE, Protocol.Udp, 80, PODS, 3, { outside: backends() })]);
    for (let sport = 1; sport < 40; sport++) pass(cluster, `web -> ${SERVICE} udp/80 sport=${sport}`);
    node.pipeline.tick(cluster.nowMs);
    const whole = node.flowMemory.slice(0);
    for (let round = 0; round < 300; round++) {
      const damaged = new Uint8Array(whole.slice(0, random.oneIn(10) ? 64 * random.below(190) : undefined));
      for (let count = random.below(200); count > 0 && damaged.length > 0; count--)
        damaged[random.below(damaged.length)] = random.below(256);
      cluster.restart(node, damaged.buffer);
      assert.ok(
        pass(cluster, `web -> ${SERVICE} udp/80 sport=${1 + random.below(40)}`),
        `PODWIRE_SEED=${seed}`,
      );
      pass(cluster, `db -> web udp/${1 + random.below(40)} sport=8080`);
    }
    cluster.restart(node, whole);
    assert.match(pass(cluster, `web -> ${SERVICE} udp/80 sport=7`), /^(db|cache|job): 10\.244\.0\.2:7 /);
  });
});
