/** Flows to Services: who gets them, as what, and what the client sees of it. */
import assert from "node:assert/strict";
import { checksum, icmp, ipv4, Protocol, sctp, tcp } from "@podwire/wire";
import { SimulatedCluster } from "./testing/cluster.ts";
import {
  icmpMessage,
  ipPacket,
  offloaded,
  plain,
  sctpPacket,
  tcpSegment,
  transportIsValid,
  udpDatagram,
  unwrap,
} from "./testing/packets.ts";
import { isIpv4HeaderIntact, pass, service } from "./testing/service-traffic.ts";
import { expectFlow, packetOf, trace, tupleText } from "./testing/trace.ts";

const SERVICE = "10.96.0.10";
const SERVICE_IPV6 = "fd00:10:96::10";

describe("Pipeline: Services", () => {
  for (const protocol of ["tcp", "udp", "sctp"] as const) {
    const number = { tcp: Protocol.Tcp, udp: Protocol.Udp, sctp: Protocol.Sctp }[protocol];

    it(`translates ${protocol} to a backend here and elsewhere, and its replies back`, () => {
      const cluster = new SimulatedCluster();
      cluster.serve([
        service(SERVICE, number, 80, ["10.244.0.3:8080"]),
        service(SERVICE, number, 81, ["10.244.1.2:8081"]),
        service(SERVICE_IPV6, number, 81, ["[fd00:10:244:1::2]:8081"]),
      ]);
      assert.equal(
        pass(cluster, `web -> ${SERVICE} ${protocol}/80`),
        "api: 10.244.0.2:40000 -> 10.244.0.3:8080",
      );
      assert.equal(
        pass(cluster, `api -> web ${protocol}/40000 sport=8080 flags=SA`),
        "web: 10.96.0.10:80 -> 10.244.0.2:40000",
      );
      assert.equal(
        pass(cluster, `web -> ${SERVICE} ${protocol}/81`),
        "db: 10.244.0.2:40000 -> 10.244.1.2:8081",
      );
      assert.equal(
        pass(cluster, `db -> web ${protocol}/40000 sport=8081 flags=SA`),
        "web: 10.96.0.10:81 -> 10.244.0.2:40000",
      );
      assert.equal(
        pass(cluster, `web -> ${SERVICE_IPV6} ${protocol}/81`),
        "db: [fd00:10:244::2]:40000 -> [fd00:10:244:1::2]:8081",
      );
      assert.equal(
        pass(cluster, `db -> web ${protocol}/40000 sport=8081 flags=SA ipv6`),
        "web: [fd00:10:96::10]:81 -> [fd00:10:244::2]:40000",
      );
      assert.deepEqual(cluster.drops(), {});
    });
  }

  it("serves the host, which reaches backends on its own addresses and outside by the masquerade address", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([
      service("10.96.0.1", Protocol.Tcp, 443, ["172.30.0.1:6443"]),
      service(SERVICE, Protocol.Tcp, 80, ["10.244.1.2:8080"]),
      service(SERVICE, Protocol.Tcp, 81, ["192.168.0.1:8080"]),
    ]);
    assert.equal(pass(cluster, "web -> 10.96.0.1 tcp/443"), "host-a: 10.244.0.2:40000 -> 172.30.0.1:6443");
    assert.equal(
      pass(cluster, "host-a -> web tcp/40000 sport=6443 from=172.30.0.1 flags=SA"),
      "web: 10.96.0.1:443 -> 10.244.0.2:40000",
    );
    assert.equal(pass(cluster, "host-a -> 10.96.0.1 tcp/443"), "host-a: 10.244.0.0:40000 -> 172.30.0.1:6443");
    assert.equal(
      pass(cluster, "host-a -> 10.244.0.0 tcp/40000 sport=6443 from=172.30.0.1 flags=SA"),
      "host-a: 10.96.0.1:443 -> 10.244.0.1:40000",
    );
    assert.equal(pass(cluster, `host-a -> ${SERVICE} tcp/80`), "db: 10.244.0.1:40000 -> 10.244.1.2:8080");
    assert.equal(
      pass(cluster, "db -> host-a tcp/40000 sport=8080 flags=SA"),
      "host-a: 10.96.0.10:80 -> 10.244.0.1:40000",
    );
    assert.equal(
      pass(cluster, `host-a -> ${SERVICE} tcp/81`),
      "host-a: 10.244.0.0:40000 -> 192.168.0.1:8080",
    );
    assert.equal(
      pass(cluster, `host-a -> ${SERVICE} tcp/80 from=198.51.100.7`),
      "db: 10.244.0.0:40000 -> 10.244.1.2:8080",
    );
    expectFlow(cluster, "host-a -> 172.30.0.1 tcp/6443", "dropped host-loop at a");
  });

  it("lets a pod reach itself, from another address than its own", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([
      service(SERVICE, Protocol.Udp, 53, ["10.244.0.2:5353"]),
      service(SERVICE_IPV6, Protocol.Udp, 53, ["[fd00:10:244::2]:5353"]),
    ]);
    assert.equal(pass(cluster, `web -> ${SERVICE} udp/53`), "web: 10.244.0.0:40000 -> 10.244.0.2:5353");
    assert.equal(
      pass(cluster, "web -> 10.244.0.0 udp/40000 sport=5353"),
      "web: 10.96.0.10:53 -> 10.244.0.2:40000",
    );
    assert.equal(
      pass(cluster, `web -> ${SERVICE_IPV6} udp/53`),
      "web: [fd00:10:244::]:40000 -> [fd00:10:244::2]:5353",
    );
    assert.equal(
      pass(cluster, "web -> fd00:10:244:: udp/40000 sport=5353"),
      "web: [fd00:10:96::10]:53 -> [fd00:10:244::2]:40000",
    );
    expectFlow(
      cluster,
      "api -> 10.244.0.0 udp/53",
      "dropped no-such-pod at a; api told: host unreachable by 10.244.0.1",
    );
  });

  it("refuses what nobody serves, and tells the client", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([
      service(SERVICE, Protocol.Tcp, 80, []),
      service(SERVICE, Protocol.Udp, 80, ["10.244.1.2:80"], 0),
      service(SERVICE_IPV6, Protocol.Tcp, 80, []),
      service(SERVICE_IPV6, Protocol.Udp, 80, []),
    ]);
    const none = "dropped service-without-backends at a; ";
    expectFlow(cluster, `web -> ${SERVICE} tcp/80`, `${none}web told: reset by ${SERVICE}:80`);
    expectFlow(cluster, `web -> ${SERVICE} tcp/80 flags=A`, `${none}web told: reset by ${SERVICE}:80`);
    expectFlow(cluster, `web -> ${SERVICE} tcp/80 flags=R`, "dropped service-without-backends at a");
    expectFlow(cluster, `web -> ${SERVICE} udp/80`, `${none}web told: port unreachable by ${SERVICE}`);
    expectFlow(cluster, `host-a -> ${SERVICE} tcp/80`, `${none}host-a told: reset by ${SERVICE}:80`);
    expectFlow(cluster, `web -> ${SERVICE_IPV6} tcp/80`, `${none}web told: reset by [${SERVICE_IPV6}]:80`);
    expectFlow(
      cluster,
      `web -> ${SERVICE_IPV6} udp/80`,
      `${none}web told: port unreachable by ${SERVICE_IPV6}`,
    );
    const unknown = "dropped service-port-unknown at a; ";
    expectFlow(cluster, `web -> ${SERVICE} tcp/443`, `${unknown}web told: reset by ${SERVICE}:443`);
    expectFlow(cluster, `web -> ${SERVICE} sctp/80`, `${unknown}web told: port unreachable by ${SERVICE}`);
    expectFlow(cluster, `web -> ${SERVICE} ping/1`, `${unknown}web told: port unreachable by ${SERVICE}`);
    expectFlow(cluster, "web -> 10.96.0.99 tcp/80", "dropped service-unknown at a");
    expectFlow(cluster, "web -> 10.96.0.99 ping/1", "dropped service-unknown at a");
    assert.equal(cluster.pod("web").node.counters.snapshot().scalars.tcpResetsSent, 5);
  });

  it("resets with numbers that the client takes", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([service(SERVICE, Protocol.Tcp, 80, [])]);
    const reset = (flags: number, payload: number) => {
      const transport = tcpSegment(40000, 80, flags, payload, 1000);
      const packet = ipPacket({
        source: "10.244.0.2",
        destination: SERVICE,
        protocol: Protocol.Tcp,
        transport,
      });
      cluster.inject("web", plain(packet));
      cluster.run();
      const answer = unwrap(cluster.take("web")[0]!);
      assert.ok(transportIsValid(answer) && isIpv4HeaderIntact(answer));
      const view = new DataView(answer.buffer);
      return [tcp.flags(view, 20), tcp.sequence(view, 20), tcp.acknowledgement(view, 20)];
    };
    assert.deepEqual(reset(tcp.SYN, 0), [tcp.RST | tcp.ACK, 0, 1001]);
    assert.deepEqual(reset(tcp.ACK | tcp.PSH, 10), [tcp.RST, 1, 0]);
  });

  it("spreads flows evenly, and the same flow always to the same backend", () => {
    const cluster = new SimulatedCluster({ flows: 16_384 });
    const pods = Array.from({ length: 10 }, (_, index) => `10.244.1.2:${8000 + index}`);
    const counts = (from: string, to: string[]) => {
      cluster.serve([service(SERVICE, Protocol.Tcp, 80, to)]);
      const chosen = new Map<number, string>();
      for (let port = 1024; port < 11_024; port++) {
        const transport = tcpSegment(port, 80, tcp.SYN);
        cluster.inject(
          from,
          plain(ipPacket({ source: "10.244.0.2", destination: SERVICE, protocol: Protocol.Tcp, transport })),
        );
        cluster.run();
        chosen.set(port, tupleText(unwrap(cluster.take("db")[0]!)).split("-> ")[1]!);
      }
      return chosen;
    };
    const chosen = counts("web", pods);
    const sizes = pods.map(pod => [...chosen.values()].filter(each => each === pod).length);
    const chiSquared = sizes.reduce((sum, size) => sum + (size - 1000) ** 2 / 1000, 0);
    // Nine degrees of freedom, p = 0.001.
    assert.ok(chiSquared < 27.88, `${chiSquared}: ${sizes}`);
    const again = new SimulatedCluster({ hashSeed: [99, 98] });
    again.serve([service(SERVICE, Protocol.Tcp, 80, pods.slice(1))]);
    for (let port = 1024; port < 1524; port++) {
      const before = chosen.get(port)!;
      const now = pass(again, `web -> ${SERVICE} tcp/80 sport=${port} flags=A`).split("-> ")[1]!;
      if (before !== pods[0]) assert.equal(now, before, "picked up again, with one backend less");
    }
  }).timeout(60_000);

  it("keeps super-packets whole, with partial checksums", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([
      service(SERVICE, Protocol.Tcp, 80, ["10.244.0.3:8080"]),
      service(SERVICE, Protocol.Tcp, 81, ["10.244.1.2:8080"]),
    ]);
    const send = (from: string, source: string, destination: string, sport: number, port: number) => {
      const transport = tcpSegment(sport, port, tcp.ACK, 20_000);
      cluster.inject(
        from,
        offloaded(ipPacket({ source, destination, protocol: Protocol.Tcp, transport }), 1300),
      );
      cluster.run();
    };
    for (const [port, name, backend] of [
      [80, "api", "10.244.0.3"],
      [81, "db", "10.244.1.2"],
    ] as const) {
      send("web", "10.244.0.2", SERVICE, 40000, port);
      const [written, ...others] = cluster.take(name);
      assert.equal(others.length, 0);
      assert.equal(tupleText(unwrap(written!)), `10.244.0.2:40000 -> ${backend}:8080`);
      const view = new DataView(written!.buffer, 10);
      const partial = checksum.fold(checksum.pseudoFor(view, 0, Protocol.Tcp, written!.length - 30));
      assert.equal(view.getUint16(20 + 16), partial);
      send(name, backend, "10.244.0.2", 8080, 40000);
      const [reply] = cluster.take("web");
      assert.equal(reply!.length, 10 + 40 + 20_000);
      assert.equal(tupleText(unwrap(reply!)), `${SERVICE}:${port} -> 10.244.0.2:40000`);
    }
  });

  it("gives another source port to flows whose replies would be the same", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([
      service(SERVICE, Protocol.Udp, 80, ["10.244.1.2:8080"]),
      service("10.96.0.11", Protocol.Udp, 80, ["10.244.1.2:8080"]),
    ]);
    assert.equal(pass(cluster, `web -> ${SERVICE} udp/80`), "db: 10.244.0.2:40000 -> 10.244.1.2:8080");
    const [, second] = /^db: 10\.244\.0\.2:(\d+) ->/.exec(pass(cluster, "web -> 10.96.0.11 udp/80"))!;
    const [, direct] = /^db: 10\.244\.0\.2:(\d+) ->/.exec(pass(cluster, "web -> db udp/8080"))!;
    assert.equal(new Set(["40000", second, direct]).size, 3);
    const reply = (port: string) => pass(cluster, `db -> web udp/${port} sport=8080`);
    assert.equal(reply("40000"), "web: 10.96.0.10:80 -> 10.244.0.2:40000");
    assert.equal(reply(second!), "web: 10.96.0.11:80 -> 10.244.0.2:40000");
    assert.equal(reply(direct!), "web: 10.244.1.2:8080 -> 10.244.0.2:40000");
  });
});

describe("Pipeline: Services, fragments and errors", () => {
  /** Sends the packet from web in two fragments, the first with 32 bytes of its payload. */
  function injectInTwo(cluster: SimulatedCluster, whole: Uint8Array, id = 7): void {
    for (const [from, to, word] of [
      [20, 52, 0x2000],
      [52, whole.length, 4],
    ] as const) {
      const piece = Uint8Array.of(...whole.subarray(0, 20), ...whole.subarray(from, to));
      const view = new DataView(piece.buffer);
      ipv4.setTotalLength(view, 0, piece.length);
      ipv4.setIdentification(view, 0, id);
      ipv4.setFragment(view, 0, word);
      ipv4.complete(view, 0);
      cluster.inject("web", plain(piece));
    }
    cluster.run();
  }

  function joined(pieces: Uint8Array[], length: number): Uint8Array {
    assert.equal(pieces.length, 2);
    assert.ok(pieces.every(isIpv4HeaderIntact));
    const header = pieces[0]!.slice(0, 20);
    ipv4.setTotalLength(new DataView(header.buffer), 0, length);
    return Uint8Array.of(...header, ...pieces[0]!.subarray(20), ...pieces[1]!.subarray(20));
  }

  it("translates all fragments of a datagram", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([service(SERVICE, Protocol.Udp, 53, ["10.244.1.2:5353"])]);
    const transport = udpDatagram(40000, 53, 56);
    const ends = { source: "10.244.0.2", destination: SERVICE };
    injectInTwo(cluster, ipPacket({ ...ends, protocol: Protocol.Udp, transport }));
    const whole = joined(cluster.take("db").map(unwrap), 84);
    assert.ok(transportIsValid(whole));
    assert.equal(tupleText(whole), "10.244.0.2:40000 -> 10.244.1.2:5353");
  });

  it("lets fragments of SCTP through where the port stays, and none that would arrive damaged", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([
      service(SERVICE, Protocol.Sctp, 80, ["10.244.1.2:80"]),
      service(SERVICE, Protocol.Sctp, 81, ["10.244.1.2:8081"]),
    ]);
    const send = (port: number) => {
      const transport = new Uint8Array(64);
      transport.set(sctpPacket(40000, port, 1));
      sctp.complete(new DataView(transport.buffer), transport, 0, transport.length);
      const ends = { source: "10.244.0.2", destination: SERVICE };
      injectInTwo(cluster, ipPacket({ ...ends, protocol: Protocol.Sctp, transport }), port);
    };
    send(80);
    const whole = joined(cluster.take("db").map(unwrap), 84);
    assert.equal(sctp.computeChecksum(whole, 20, 84), sctp.checksum(new DataView(whole.buffer), 20));
    for (let round = 0; round < 2; round++) send(81);
    assert.deepEqual(cluster.take("db"), []);
    assert.deepEqual(cluster.drops(), { "sctp-fragment": 2, "fragment-without-first": 2 });
  });

  for (const family of ["ipv4", "ipv6"] as const) {
    it(`turns ICMP errors about translated packets back, over ${family}`, () => {
      const cluster = new SimulatedCluster();
      const isIpv6 = family === "ipv6";
      const address = isIpv6 ? SERVICE_IPV6 : SERVICE;
      const client = cluster.pod("web")[family];
      const backend = cluster.pod("db")[family];
      const bracketed = isIpv6 ? `[${backend}]` : backend;
      cluster.serve([service(address, Protocol.Udp, 53, [`${bracketed}:5353`])]);
      const packet = packetOf(cluster, `web -> ${address} udp/53 size=100`).packet;
      cluster.inject("web", plain(packet));
      cluster.run();
      const received = unwrap(cluster.take("db")[0]!);
      const type = isIpv6 ? 1 : icmp.Type.DestinationUnreachable;
      const code = isIpv6 ? 4 : icmp.Unreachable.Port;
      const error = (transport: Uint8Array) =>
        ipPacket({ source: backend, destination: client, protocol: isIpv6 ? 58 : 1, transport });
      const sent = error(icmpMessage(type, code, 0, received));
      const damaged = sent.slice();
      damaged[damaged.length - 1]! ^= 1;
      cluster.inject("db", plain(damaged));
      cluster.inject("db", plain(sent));
      cluster.run();
      assert.deepEqual(cluster.drops(), { "icmp-error-bad": 1 });
      const [told, ...others] = cluster.take("web").map(unwrap);
      assert.equal(others.length, 0);
      assert.ok(transportIsValid(told!));
      const quotedAt = isIpv6 ? 48 : 28;
      const quoted = told!.slice(quotedAt);
      // Two nodes counted the hop limit down; all else is what the client sent.
      quoted[isIpv6 ? 7 : 8] = packet[isIpv6 ? 7 : 8]!;
      if (!isIpv6) ipv4.complete(new DataView(quoted.buffer), 0);
      assert.deepEqual(quoted, packet);
      const source = told!.slice(isIpv6 ? 8 : 12, isIpv6 ? 24 : 16);
      assert.deepEqual(
        source,
        packet.slice(isIpv6 ? 24 : 16, isIpv6 ? 40 : 20),
        "from the Service's address",
      );
    });
  }

  it("quotes what the client sent in errors of its own", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([service(SERVICE, Protocol.Udp, 53, ["10.244.1.2:5353"])]);
    const { packet } = packetOf(cluster, `web -> ${SERVICE} udp/53 size=1451`);
    cluster.inject("web", plain(packet));
    cluster.run();
    const told = unwrap(cluster.take("web")[0]!);
    assert.equal(tupleText(told.slice(28)), `10.244.0.2:40000 -> ${SERVICE}:53`);
    assert.deepEqual(cluster.drops(), { "too-big": 1 });
  });

  it("keeps SCTP's checksum right, and a damaged one damaged", () => {
    const cluster = new SimulatedCluster();
    cluster.serve([service(SERVICE, Protocol.Sctp, 80, ["10.244.1.2:8080"])]);
    const { packet } = packetOf(cluster, `web -> ${SERVICE} sctp/80`);
    const intact = packet.slice();
    sctp.complete(new DataView(intact.buffer), intact, 20, intact.length);
    for (const [sent, fits] of [
      [intact, true],
      [packet, false],
    ] as const) {
      cluster.inject("web", plain(sent));
      cluster.run();
      const got = unwrap(cluster.take("db")[0]!);
      const isRight =
        sctp.computeChecksum(got, 20, got.length) === sctp.checksum(new DataView(got.buffer), 20);
      assert.equal(isRight, fits);
    }
  });
});

describe("Pipeline: Services that change", () => {
  const tcpService = (to: string[], accepting = to.length) => [
    service(SERVICE, Protocol.Tcp, 80, to, accepting),
  ];
  const udpService = (to: string[], accepting = to.length) => [
    service(SERVICE, Protocol.Udp, 80, to, accepting),
  ];

  it("lets TCP go on with a backend that terminates or is gone, and gives a new connection another", () => {
    const cluster = new SimulatedCluster();
    const toDb = "db: 10.244.0.2:40000 -> 10.244.1.2:80";
    cluster.serve(tcpService(["10.244.1.2:80"]));
    assert.equal(pass(cluster, `web -> ${SERVICE} tcp/80`), toDb);
    assert.equal(
      pass(cluster, "db -> web tcp/40000 sport=80 flags=SA"),
      "web: 10.96.0.10:80 -> 10.244.0.2:40000",
    );
    cluster.serve(tcpService(["10.244.2.2:80", "10.244.1.2:80"], 1));
    assert.equal(pass(cluster, `web -> ${SERVICE} tcp/80 flags=A`), toDb);
    cluster.serve(tcpService(["10.244.2.2:80"]));
    assert.equal(pass(cluster, `web -> ${SERVICE} tcp/80 flags=A`), toDb);
    cluster.serve([]);
    assert.equal(pass(cluster, `web -> ${SERVICE} tcp/80 flags=A`), toDb);
    cluster.serve(tcpService(["10.244.2.2:80"]));
    assert.equal(pass(cluster, `web -> ${SERVICE} tcp/80`), "job: 10.244.0.2:40000 -> 10.244.2.2:80");
    assert.equal(pass(cluster, `web -> ${SERVICE} tcp/80 flags=A`), "job: 10.244.0.2:40000 -> 10.244.2.2:80");
  });

  it("gives UDP of one source port the backend that there is", () => {
    const cluster = new SimulatedCluster();
    const send = () => pass(cluster, `web -> ${SERVICE} udp/80`);
    cluster.serve(udpService([]));
    expectFlow(
      cluster,
      `web -> ${SERVICE} udp/80`,
      `dropped service-without-backends at a; web told: port unreachable by ${SERVICE}`,
    );
    cluster.serve(udpService(["10.244.1.2:80"]));
    assert.equal(send(), "db: 10.244.0.2:40000 -> 10.244.1.2:80");
    cluster.serve(udpService(["10.244.2.2:80", "10.244.1.2:80"], 1));
    assert.equal(send(), "db: 10.244.0.2:40000 -> 10.244.1.2:80", "terminating, and still serving");
    cluster.serve(udpService(["10.244.2.2:80"]));
    assert.equal(send(), "job: 10.244.0.2:40000 -> 10.244.2.2:80");
    cluster.serve([]);
    assert.equal(trace(cluster, `web -> ${SERVICE} udp/80`), "dropped service-unknown at a");
    cluster.serve(udpService(["10.244.0.3:80"]));
    assert.equal(send(), "api: 10.244.0.2:40000 -> 10.244.0.3:80", "the address is another Service's now");
  });

  it("records the backend of a flow, and counts flows that have one", () => {
    const cluster = new SimulatedCluster();
    const { node } = cluster.pod("web");
    cluster.serve(tcpService(["10.244.1.2:8080"]));
    pass(cluster, `web -> ${SERVICE} tcp/80`);
    pass(cluster, "web -> db tcp/80");
    const [first, second] = node.records.read();
    assert.deepEqual([first!.destination, first!.destinationPort], [SERVICE, 80]);
    assert.deepEqual(first!.backend, { address: "10.244.1.2", port: 8080 });
    assert.deepEqual([second!.destinationPort, second!.backend], [80, undefined]);
    const { scalars } = node.counters.snapshot();
    assert.deepEqual([scalars.flowsCreated, scalars.flowsTranslated], [2, 1]);
  });
});
