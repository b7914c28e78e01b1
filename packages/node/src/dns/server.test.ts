/** The server over real sockets on loopback: sizes, transports, who is answered, and what is no query. */
import assert from "node:assert/strict";
import { parseCidr } from "@podwire/wire/cidr";
import { FLAG, HEADER_BYTES, RCODE, readMessage, TYPE } from "@podwire/wire/dns";
import { seededRandom, testSeed } from "@podwire/wire/testing";
import { Forwarder } from "./forward/forwarder.ts";
import { Upstreams } from "./forward/upstreams.ts";
import { MAX_TCP_PIPELINED } from "./limits.ts";
import { Responder } from "./respond.ts";
import { type DnsServer, startDnsServer } from "./server.ts";
import { heard, queryBytes, sendTcp, sendUdp } from "./testing/client.ts";
import { TestCluster } from "./testing/cluster.ts";

/** An address of its own for each process that runs tests. */
const ADDRESS = `127.53.${(process.pid >> 8) & 255}.${process.pid & 255}`;
const PORT = 53;

describe("DNS server", () => {
  let cluster: TestCluster;
  let server: DnsServer;

  before(async () => {
    cluster = new TestCluster();
    cluster.service("default/web", { clusterIps: ["10.96.0.20"], ports: ["http TCP 80"] });
    cluster.service("default/many", { ports: ["http TCP 80"] });
    const addresses = Array.from({ length: 200 }, (_, i) => `10.244.0.${i + 1}`);
    cluster.slice("default/many-1", "many", ["http TCP 80"], addresses);
    server = await startDnsServer({
      source: cluster.names,
      domain: "cluster.local",
      addresses: [ADDRESS],
      port: PORT,
      clientCidrs: [parseCidr("127.0.0.1/32")!],
      clientAddresses: [ADDRESS],
      reverseCidrs: [],
      upstreams: [],
      stubs: new Map(),
    });
  });
  after(() => server.close());

  const ask = async (bytes: Uint8Array) => heard((await sendUdp(bytes, ADDRESS, PORT))!);
  const many = "many.default.svc.cluster.local";

  it("gives back the question as it was asked", async () => {
    const query = queryBytes("wEb.DEFAULT.svc.Cluster.Local", TYPE.A, 77);
    const { bytes, view, words } = await ask(query);
    assert.deepEqual(words, ["A 10.96.0.20"]);
    assert.equal(view.name, "wEb.DEFAULT.svc.Cluster.Local");
    assert.equal(view.id, 77);
    const questionOf = (message: Uint8Array) =>
      Buffer.from(message.subarray(HEADER_BYTES, view.questionEnd)).toString("latin1");
    assert.equal(questionOf(bytes), questionOf(query));
  });

  it("cuts an answer over UDP to what the client takes, and gives all of it over TCP", async () => {
    for (const [udpBytes, limit] of [
      [0, 512],
      [100, 512],
      [900, 900],
      [65_000, 1_232],
    ] as const) {
      const { bytes, view } = await ask(queryBytes(many, TYPE.A, 1, udpBytes));
      assert.ok(bytes.length <= limit, `${udpBytes}: ${bytes.length} bytes`);
      assert.ok(bytes.length > limit - 30, `${udpBytes}: ${bytes.length} bytes`);
      assert.equal(view.flags & FLAG.truncated, FLAG.truncated);
    }
    const [whole] = await sendTcp([queryBytes(many, TYPE.A)], ADDRESS, PORT);
    const { view, words } = heard(whole!);
    assert.equal(new Set(words).size, 200);
    assert.equal(view.flags & FLAG.truncated, 0);
    // The addresses beside SRV records are left out before it is called cut.
    const srv = await ask(queryBytes(`_dns._udp.kube-dns.kube-system.svc.cluster.local`, TYPE.SRV, 1, 0));
    assert.equal(srv.view.flags & FLAG.truncated, 0);
  });

  it("begins with each address in its turn", async () => {
    cluster.service("default/three", { ports: ["http TCP 80"] });
    cluster.slice("default/three-1", "three", ["http TCP 80"], ["10.244.1.1", "10.244.1.2", "10.244.1.3"]);
    const first = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const { words } = await ask(queryBytes("three.default.svc.cluster.local", TYPE.A));
      assert.equal(new Set(words).size, 3);
      first.add(words[0]!);
    }
    assert.equal(first.size, 3);
  });

  it("answers many queries of one connection, also more than may wait, and closes it when the client is done", async () => {
    const count = 5 * MAX_TCP_PIPELINED;
    const queries = Array.from({ length: count }, (_, id) =>
      queryBytes("web.default.svc.cluster.local", TYPE.A, id),
    );
    const answers = await sendTcp(queries, ADDRESS, PORT);
    const ids = answers.map(bytes => readMessage(bytes)!.id).sort((one, other) => one - other);
    assert.deepEqual(ids, [...queries.keys()]);
  });

  it("answers ANY with one small record, and refuses transfers, other classes and other EDNS versions", async () => {
    const any = await ask(queryBytes(many, TYPE.ANY));
    assert.deepEqual(any.words, ["HINFO"]);
    assert.ok(any.bytes.length < 120);
    const rcodeOf = async (bytes: Uint8Array) => (await ask(bytes)).view.rcode;
    assert.equal(await rcodeOf(queryBytes("cluster.local", TYPE.AXFR)), RCODE.refused);
    assert.equal(await rcodeOf(queryBytes("cluster.local", TYPE.IXFR)), RCODE.refused);
    assert.equal(await rcodeOf(queryBytes("example.org", TYPE.A)), RCODE.refused);
    const chaos = queryBytes("version.bind", TYPE.TXT, 1, 0);
    chaos[chaos.length - 1] = 3;
    assert.equal(await rcodeOf(chaos), RCODE.refused);
    const later = queryBytes("web.default.svc.cluster.local", TYPE.A);
    later[later.length - 5] = 1;
    const { view, bytes } = await ask(later);
    const opt = view.records.find(({ type }) => type === TYPE.OPT)!;
    assert.equal(bytes[opt.ttlAt]! * 16 + view.rcode, RCODE.badVersion);
    const update = queryBytes("cluster.local", TYPE.SOA, 1, 0);
    update[2] = 5 << 3;
    const refused = (await sendUdp(update, ADDRESS, PORT))!;
    assert.deepEqual([...refused.subarray(2)], [0xa8, RCODE.notImplemented, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("says nothing to who is not of the cluster, nor to answers", async () => {
    const strangers = await startDnsServer({
      source: cluster.names,
      domain: "cluster.local",
      addresses: [ADDRESS],
      port: PORT + 1,
      clientCidrs: [parseCidr("10.244.0.0/16")!],
      clientAddresses: [],
      reverseCidrs: [],
      upstreams: [],
      stubs: new Map(),
    });
    try {
      const query = queryBytes("web.default.svc.cluster.local", TYPE.A);
      assert.equal(await sendUdp(query, ADDRESS, PORT + 1, 200), undefined);
      assert.deepEqual(await sendTcp([query], ADDRESS, PORT + 1), []);
      query[2] = 0x80;
      assert.equal(await sendUdp(query, ADDRESS, PORT, 200), undefined);
    } finally {
      strangers.close();
    }
  });

  it("is a failure for the time in which the cluster is not known yet", () => {
    const fresh = new TestCluster({ isSynced: false });
    assert.deepEqual(fresh.ask("web.default.svc.cluster.local A"), ["rcode 2"]);
    fresh.names.synced();
    assert.deepEqual(fresh.ask("web.default.svc.cluster.local A"), ["NXDOMAIN"]);
  });

  it("gives bytes of any kind an answer or none, and never more than a client takes", function () {
    this.timeout(60_000);
    const seed = testSeed();
    const random = seededRandom(seed);
    const upstreams = new Upstreams({ servers: [], randomId: () => 1 });
    const forwarder = new Forwarder({ upstreams, stubs: new Map(), nowMs: () => 0 });
    const responder = new Responder({ zone: cluster.zone, forwarder, random });
    const names = [
      "web.default.svc",
      "many.default.svc",
      "_http._tcp.many.default.svc",
      "1-2-3-4.default.pod",
      "",
    ];
    const types = [TYPE.A, TYPE.AAAA, TYPE.SRV, TYPE.PTR, TYPE.NS, TYPE.SOA, TYPE.ANY];
    let answered = 0;
    for (let round = 0; round < 100_000; round++) {
      const name = `${names[random(names.length)]}.cluster.local`.replace(/^\./, "");
      const bytes = queryBytes(name, types[random(types.length)]!, random(0x10000), random(3) * 600);
      for (let change = random(4); change > 0; change--) bytes[random(bytes.length)] = random(256);
      const cut = bytes.subarray(0, random(8) === 0 ? random(bytes.length + 1) : bytes.length);
      const answer = responder.respond(cut, "udp", "10.244.0.1") as Uint8Array | undefined;
      if (answer === undefined) continue;
      answered++;
      const what = `seed ${seed}, round ${round}: ${Buffer.from(cut).toString("hex")}`;
      assert.ok(answer.length <= 1_232, what);
      assert.equal((answer[0]! << 8) | answer[1]!, (cut[0]! << 8) | cut[1]!, what);
      assert.ok((answer[2]! & 0x80) !== 0, what);
      if (answer[5] === 1) assert.notEqual(readMessage(answer), undefined, what);
    }
    assert.ok(answered > 50_000, `seed ${seed}: ${answered}`);
  });
});
