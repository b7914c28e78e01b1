/** Services as they are reached from outside and at nodes: node ports, load balancers, external and host addresses. */
import assert from "node:assert/strict";
import { parseCidr, type ServiceRow } from "@podwire/tables";
import { Protocol, tcp } from "@podwire/wire";
import { SimulatedCluster } from "./testing/cluster.ts";
import { ipPacket, offloaded, tcpSegment, unwrap } from "./testing/packets.ts";
import { backends, pass, service } from "./testing/service-traffic.ts";
import { expectFlow, tupleText } from "./testing/trace.ts";

const NODE = "0.0.0.0";
const VIP = "203.0.113.5";
const CLIENT = "198.51.100.7";

/** A node port whose backends are `to`, for clients from outside `local`. */
function localNodePort(to: string[], local: string[], address = NODE, port = 30_080): ServiceRow {
  return service(address, Protocol.Tcp, port, to, to.length, {
    outside: backends(...local),
    outsideServedElsewhere: true,
    keepsSource: true,
  });
}

describe("Pipeline: Services from outside", () => {
  it("serves a node port to pods and processes of the node, with their own addresses", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([
      service(NODE, Protocol.Tcp, 30_080, ["10.244.1.2:8080"]),
      service("::", Protocol.Udp, 30_080, ["[fd00:10:244:1::2]:8080"]),
    ]);
    assert.equal(pass(cluster, "web -> 192.168.0.1 tcp/30080"), "db: 10.244.0.2:40000 -> 10.244.1.2:8080");
    assert.equal(
      pass(cluster, "db -> web tcp/40000 sport=8080 flags=SA"),
      "web: 192.168.0.1:30080 -> 10.244.0.2:40000",
    );
    assert.equal(
      pass(cluster, "host-a -> 192.168.0.1 tcp/30080 from=192.168.0.1 sport=40001"),
      "db: 192.168.0.1:40001 -> 10.244.1.2:8080",
    );
    assert.equal(
      pass(cluster, "db -> 192.168.0.1 tcp/40001 sport=8080 flags=SA"),
      "host-a: 192.168.0.1:30080 -> 192.168.0.1:40001",
    );
    assert.equal(
      pass(cluster, "web -> fd00:10:244::1 udp/30080"),
      "db: [fd00:10:244::2]:40000 -> [fd00:10:244:1::2]:8080",
    );
    expectFlow(cluster, "web -> 192.168.0.1 tcp/22", "delivered host-a");
    assert.deepEqual(cluster.drops(), {});
  });

  it("masquerades a node that reaches another through its own node port, which would answer past it", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([service(NODE, Protocol.Tcp, 30_080, ["192.168.0.2:8080"])], ["a"]);
    assert.equal(
      pass(cluster, "host-a -> 192.168.0.1 tcp/30080 from=192.168.0.1"),
      "host-b: 10.244.0.0:40000 -> 192.168.0.2:8080",
    );
    assert.equal(
      pass(cluster, "host-b -> 10.244.0.0 tcp/40000 sport=8080 flags=SA from=192.168.0.2"),
      "host-a: 192.168.0.1:30080 -> 192.168.0.1:40000",
    );
    assert.deepEqual(cluster.drops(), {});
  });

  it("masquerades who comes from outside, so that answers come back, and tells backends apart", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([service(NODE, Protocol.Tcp, 30_080, ["10.244.1.2:8080"])]);
    assert.equal(
      pass(cluster, `host-a -> 192.168.0.1 tcp/30080 from=${CLIENT}`),
      "db: 10.244.0.0:40000 -> 10.244.1.2:8080",
    );
    assert.equal(
      pass(cluster, "db -> 10.244.0.0 tcp/40000 sport=8080 flags=SA"),
      `host-a: 192.168.0.1:30080 -> ${CLIENT}:40000`,
    );
    expectFlow(cluster, `host-a -> 192.168.0.1 tcp/22 from=${CLIENT}`, "dropped host-loop at a");
  });

  it("serves pods of other nodes at its node ports, backends here, at the host and on third nodes", () => {
    const cluster = new SimulatedCluster();
    cluster.serve(
      [
        service(NODE, Protocol.Tcp, 30_080, ["10.244.1.2:8080"]),
        service(NODE, Protocol.Tcp, 30_081, ["10.244.2.2:8080"]),
        service(NODE, Protocol.Tcp, 30_082, ["192.168.0.2:8080"]),
        service(NODE, Protocol.Tcp, 30_083, ["10.244.0.2:8080"]),
      ],
      ["b"],
    );
    assert.equal(pass(cluster, "web -> 192.168.0.2 tcp/30080"), "db: 10.244.0.2:40000 -> 10.244.1.2:8080");
    assert.equal(
      pass(cluster, "db -> web tcp/40000 sport=8080 flags=SA"),
      "web: 192.168.0.2:30080 -> 10.244.0.2:40000",
    );
    assert.equal(pass(cluster, "web -> 192.168.0.2 tcp/30081"), "job: 10.244.1.0:40000 -> 10.244.2.2:8080");
    assert.equal(
      pass(cluster, "job -> 10.244.1.0 tcp/40000 sport=8080 flags=SA"),
      "web: 192.168.0.2:30081 -> 10.244.0.2:40000",
    );
    assert.equal(
      pass(cluster, "web -> 192.168.0.2 tcp/30082"),
      "host-b: 10.244.0.2:40000 -> 192.168.0.2:8080",
    );
    assert.equal(
      pass(cluster, "host-b -> web tcp/40000 sport=8080 flags=SA from=192.168.0.2"),
      "web: 192.168.0.2:30082 -> 10.244.0.2:40000",
    );
    assert.equal(
      pass(cluster, "web -> 192.168.0.2 tcp/30083"),
      "web: 10.244.1.0:40000 -> 10.244.0.2:8080",
      "itself, by way of another node",
    );
    expectFlow(cluster, "web -> 192.168.0.2 tcp/22", "delivered host-b");
    assert.deepEqual(cluster.drops(), {});
  });

  for (const remoteChecksumOffload of [false, true]) {
    it(`carries super-packets on from one peer to another, remote checksums ${remoteChecksumOffload}`, () => {
      const cluster = new SimulatedCluster({ remoteChecksumOffload });
      cluster.serve([service(NODE, Protocol.Tcp, 30_081, ["10.244.2.2:8080"])], ["b"]);
      const ends = { source: "10.244.0.2", destination: "192.168.0.2", protocol: Protocol.Tcp };
      for (let round = 0; round < 3; round++) {
        const transport = tcpSegment(40000, 30_081, tcp.ACK, 30_000, 1 + round * 30_000);
        cluster.inject("web", offloaded(ipPacket({ ...ends, transport }), 1300));
      }
      cluster.run();
      const arrived = cluster.take("job");
      const payload = arrived.reduce((sum, written) => sum + written.length - 10 - 40, 0);
      assert.equal(payload, 90_000);
      for (const written of arrived)
        assert.equal(tupleText(unwrap(written)), "10.244.1.0:40000 -> 10.244.2.2:8080");
      assert.deepEqual(cluster.drops(), {});
    });
  }

  it("keeps the source of clients from outside, with the policy Local, and lets nobody else be restricted", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([localNodePort(["10.244.0.3:8080"], ["10.244.0.3:8080"])], ["a"]);
    cluster.serve([localNodePort(["10.244.0.3:8080"], [])], ["b"]);
    const fromClient = (node: string) =>
      `host-${node} -> 192.168.0.${node === "a" ? 1 : 2} tcp/30080 from=${CLIENT}`;
    assert.equal(pass(cluster, fromClient("a")), `api: ${CLIENT}:40000 -> 10.244.0.3:8080`);
    assert.equal(
      pass(cluster, `api -> ${CLIENT} tcp/40000 sport=8080 flags=SA`),
      `host-a: 192.168.0.1:30080 -> ${CLIENT}:40000`,
    );
    expectFlow(cluster, fromClient("b"), "dropped service-without-local-backends at b");
    assert.equal(pass(cluster, "db -> 192.168.0.2 tcp/30080"), "api: 10.244.1.2:40000 -> 10.244.0.3:8080");
    assert.equal(
      pass(cluster, "host-b -> 192.168.0.2 tcp/30080 from=192.168.0.2"),
      "api: 192.168.0.2:40000 -> 10.244.0.3:8080",
    );
    assert.equal(
      pass(cluster, "web -> 192.168.0.2 tcp/30080 sport=40005"),
      "api: 10.244.1.0:40005 -> 10.244.0.3:8080",
    );
  });

  it("drops in silence what the policy Local keeps from a cluster address", () => {
    const cluster = new SimulatedCluster();
    const elsewhere = { servedElsewhere: true };
    cluster.serve([service("10.96.0.10", Protocol.Udp, 53, ["10.244.1.2:53"], 0, elsewhere)]);
    expectFlow(cluster, "web -> 10.96.0.10 udp/53", "dropped service-without-local-backends at a");
  });

  it("lets in by a load balancer's address whom its source ranges name", () => {
    const cluster = new SimulatedCluster();
    const sourceRanges = [parseCidr("198.51.100.0/24")!, parseCidr("10.244.0.2/32")!];
    cluster.serve([service(VIP, Protocol.Tcp, 80, ["10.244.1.2:8080"], 1, { sourceRanges })]);
    assert.equal(
      pass(cluster, `host-a -> ${VIP} tcp/80 from=${CLIENT}`),
      "db: 10.244.0.0:40000 -> 10.244.1.2:8080",
    );
    assert.equal(pass(cluster, `web -> ${VIP} tcp/80`), "db: 10.244.0.2:40000 -> 10.244.1.2:8080");
    expectFlow(cluster, `api -> ${VIP} tcp/80`, "dropped service-source-denied at a");
    expectFlow(cluster, `host-a -> ${VIP} tcp/80 from=198.51.101.7`, "dropped service-source-denied at a");
    expectFlow(
      cluster,
      `web -> ${VIP} tcp/443`,
      `dropped service-port-unknown at a; web told: reset by ${VIP}:443`,
    );
  });

  it("serves host ports by protocol and address, and tells the pod its client", () => {
    const cluster = new SimulatedCluster();
    const port = (address: string, protocol: number, pod: string) =>
      service(address, protocol, 8080, [`${pod}:80`], 1, { keepsSource: true });
    cluster.serve(
      [
        port(NODE, Protocol.Udp, "10.244.0.2"),
        port("192.168.0.1", Protocol.Tcp, "10.244.0.2"),
        port("10.244.0.1", Protocol.Tcp, "10.244.0.3"),
      ],
      ["a"],
    );
    assert.equal(
      pass(cluster, `host-a -> 192.168.0.1 tcp/8080 from=${CLIENT}`),
      `web: ${CLIENT}:40000 -> 10.244.0.2:80`,
    );
    assert.equal(
      pass(cluster, `host-a -> 10.244.0.1 tcp/8080 from=${CLIENT}`),
      `api: ${CLIENT}:40000 -> 10.244.0.3:80`,
    );
    assert.equal(
      pass(cluster, `host-a -> 192.168.0.1 udp/8080 from=${CLIENT}`),
      `web: ${CLIENT}:40000 -> 10.244.0.2:80`,
    );
    assert.equal(pass(cluster, "db -> 192.168.0.1 tcp/8080"), "web: 10.244.1.2:40000 -> 10.244.0.2:80");
    assert.equal(
      pass(cluster, "web -> 192.168.0.1 tcp/8080"),
      "web: 10.244.0.0:40000 -> 10.244.0.2:80",
      "itself",
    );
    expectFlow(cluster, "web -> 192.168.0.1 tcp/80", "delivered host-a");
  });

  it("takes over connections that began before an external address was a Service's", () => {
    const cluster = new SimulatedCluster();
    const serve = (protocol: number) => cluster.serve([service(VIP, protocol, 80, ["10.244.1.2:8080"])]);
    expectFlow(cluster, `web -> ${VIP} tcp/80`, "delivered host-a");
    expectFlow(cluster, `web -> ${VIP} udp/80`, "delivered host-a");
    serve(Protocol.Tcp);
    expectFlow(cluster, `web -> ${VIP} tcp/80 flags=A`, "delivered host-a");
    const translated = "db: 10.244.0.2:40000 -> 10.244.1.2:8080";
    assert.equal(pass(cluster, `web -> ${VIP} tcp/80`), translated, "the SYN again");
    serve(Protocol.Udp);
    assert.equal(pass(cluster, `web -> ${VIP} udp/80`), translated);
  });
});

describe("Pipeline: session affinity", () => {
  const PODS = ["10.244.0.3", "10.244.1.2", "10.244.1.3", "10.244.2.2"];
  const rows = (owner: number, pods = PODS, affinityMs = 10_000): ServiceRow[] =>
    [
      ["10.96.0.10", 80, 8080],
      ["10.96.0.10", 81, 8081],
      [NODE, 30_080, 8080],
    ].map(([address, port, target]) =>
      service(
        address as string,
        Protocol.Tcp,
        port as number,
        pods.map(pod => `${pod}:${target}`),
        pods.length,
        { owner, affinityMs },
      ),
    );
  const backend = (cluster: SimulatedCluster, line: string) => / -> (.*):\d+$/.exec(pass(cluster, line))![1]!;

  it("keeps a client at its backend, across ports and addresses, while other clients have others", () => {
    const cluster = new SimulatedCluster();
    cluster.serve(rows(1));
    const first = backend(cluster, "web -> 10.96.0.10 tcp/80 sport=1");
    for (let sport = 2; sport < 20; sport++) {
      assert.equal(backend(cluster, `web -> 10.96.0.10 tcp/80 sport=${sport}`), first);
      assert.equal(backend(cluster, `web -> 10.96.0.10 tcp/81 sport=${sport}`), first);
      assert.equal(backend(cluster, `web -> 192.168.0.1 tcp/30080 sport=${sport}`), first);
    }
    const others = Array.from({ length: 40 }, (_, index) =>
      backend(cluster, `host-a -> 10.96.0.10 tcp/80 from=198.51.100.${index} sport=1`),
    );
    assert.deepEqual([...new Set(others)].sort(), [...PODS].sort());
    assert.equal(cluster.pod("web").node.counters.snapshot().drops["service-without-backends"], undefined);
  });

  it("survives publishes and other backends' going, ends with its own, and does not pass to another Service", () => {
    const cluster = new SimulatedCluster();
    cluster.serve(rows(1, PODS.slice(0, 1)));
    let sport = 0;
    const next = () => backend(cluster, `web -> 10.96.0.10 tcp/80 sport=${++sport}`);
    assert.equal(next(), PODS[0]);
    cluster.serve(rows(1, [...PODS].reverse()));
    assert.equal(next(), PODS[0], "bound, although others would be chosen now");
    cluster.serve(rows(1, PODS.slice(1)));
    const second = next();
    assert.notEqual(second, PODS[0]);
    cluster.serve(rows(1));
    assert.equal(next(), second, "its first backend has come back, and is forgotten");
    cluster.serve(rows(2, [PODS[0]!]));
    assert.equal(next(), PODS[0]);
  });

  it("ends when the client has opened no flow for the time, which every new one begins anew", () => {
    const cluster = new SimulatedCluster();
    const bound = (owner: number, pod: string) => cluster.serve(rows(owner, [pod]));
    bound(1, PODS[1]!);
    let sport = 0;
    const next = () => backend(cluster, `web -> 10.96.0.10 tcp/80 sport=${++sport}`);
    next();
    cluster.serve(rows(1));
    for (let round = 0; round < 5; round++) {
      cluster.nowMs += 9_000;
      assert.equal(next(), PODS[1]);
    }
    cluster.nowMs += 10_001;
    const byHash = new SimulatedCluster();
    byHash.serve(rows(7));
    const chosen = backend(byHash, "web -> 10.96.0.10 tcp/80 sport=1");
    assert.equal(next(), chosen, "by hash again");
    assert.equal(
      backend(byHash, "web -> 10.96.0.10 tcp/81 sport=1"),
      chosen,
      "the hash is the client's, so that a restart forgets nothing",
    );
  });
});
