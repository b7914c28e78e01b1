/** Names beyond the cluster, over real sockets: servers that answer, are slow, lie, or are dead; and what is kept of them. */
import assert from "node:assert/strict";
import { FLAG, PLAIN_UDP_BYTES, RCODE, type ResourceRecord, TYPE } from "@podwire/wire/dns";
import { MAX_WAITING_PER_CLIENT, STALE_ANSWER_AFTER_MS } from "../limits.ts";
import { Responder } from "../respond.ts";
import { heard, queryBytes } from "../testing/client.ts";
import { TestCluster } from "../testing/cluster.ts";
import { type FakeAnswer, FakeUpstream } from "../testing/fake-upstream.ts";
import { exchange } from "./exchange.ts";
import { Forwarder } from "./forwarder.ts";
import type { Server } from "./server-socket.ts";
import { nameserversOf, parseServer, serversOf } from "./servers.ts";
import { type Exchange, Upstreams } from "./upstreams.ts";

const CLIENT = "10.244.0.5";

function address(name: string, last: number, ttl = 20): ResourceRecord {
  return { name, type: TYPE.A, ttl, data: Uint8Array.of(192, 0, 2, last) };
}

function soa(ttl: number, minimum: number): ResourceRecord {
  const times = { serial: 1, refresh: 2, retry: 3, expire: 4, minimum };
  return {
    name: "example",
    type: TYPE.SOA,
    ttl,
    data: { server: "ns.example", mailbox: "m.example", ...times },
  };
}

describe("DNS forwarder", () => {
  let cluster: TestCluster;
  let one: FakeUpstream;
  let two: FakeUpstream;
  let nowMs: number;
  let forwarder: Forwarder;
  let responder: Responder;

  /** Attempts end early, so that tests need not wait for as long as clients would. */
  let attemptMs: number;
  const impatient: Exchange = (server, message) => exchange(server, message, attemptMs);

  function use(servers: readonly Server[], stubs: ReadonlyMap<string, readonly Server[]> = new Map()): void {
    forwarder?.close();
    let id = 0;
    const group = (each: readonly Server[]) =>
      new Upstreams({ servers: each, randomId: () => ++id & 0xffff, exchange: impatient });
    forwarder = new Forwarder({
      upstreams: group(servers),
      stubs: new Map([...stubs].map(([domain, each]) => [domain, group(each)])),
      nowMs: () => nowMs,
    });
    responder = new Responder({ zone: cluster.zone, forwarder, random: () => 0 });
  }

  beforeEach(async () => {
    cluster = new TestCluster();
    nowMs = 1_000_000;
    attemptMs = 150;
    one = await new FakeUpstream().start();
    two = await new FakeUpstream().start();
    use([one, two]);
  });
  afterEach(() => {
    forwarder.close();
    one.close();
    two.close();
  });

  const respond = async (name: string, type: number = TYPE.A, udpBytes?: number) =>
    heard((await responder.respond(queryBytes(name, type, 9, udpBytes), "udp", CLIENT))!);
  const always = (answer: FakeAnswer) => () => answer;

  it("gives on an answer with the client's question, and keeps it for its time", async () => {
    one.answer = always({ answers: [address("www.example", 1)] });
    const { words, view, ttls } = await respond("WWW.Example");
    assert.deepEqual([words, ttls], [["A 192.0.2.1"], [20]]);
    assert.deepEqual([view.id, view.name], [9, "WWW.Example"]);
    assert.equal(view.flags & (FLAG.recursionAvailable | FLAG.authoritative), FLAG.recursionAvailable);
    nowMs += 12_000;
    const later = await respond("www.exAMPLE");
    assert.deepEqual([later.words, later.ttls, later.view.name], [["A 192.0.2.1"], [8], "www.exAMPLE"]);
    assert.deepEqual(one.asked, ["www.example A"]);
    nowMs += 8_000;
    await respond("www.example");
    assert.equal(one.asked.length, 2);
    assert.deepEqual(two.asked, []);
  });

  it("keeps what does not exist for as long as its SOA says, and nothing that has none", async () => {
    one.answer = ({ name }) => {
      if (name === "gone.example") return { rcode: RCODE.nameError, authority: [soa(25, 10)] };
      return name === "empty.example" ? { authority: [soa(5, 60)] } : { rcode: RCODE.nameError };
    };
    const askAgainAfter = async (name: string, ms: number) => {
      await respond(name);
      nowMs += ms;
      one.asked.length = 0;
      const { words } = await respond(name);
      return [words[0], one.asked.length];
    };
    assert.deepEqual(await askAgainAfter("gone.example", 9_000), ["nameError", 0]);
    assert.deepEqual(await askAgainAfter("gone.example", 2_000), ["nameError", 1]);
    assert.deepEqual(await askAgainAfter("empty.example", 4_000), ["noError", 0]);
    assert.deepEqual(await askAgainAfter("empty.example", 2_000), ["noError", 1]);
    assert.deepEqual(await askAgainAfter("bare.example", 0), ["nameError", 1]);
  });

  it("asks a question once, however many wait for its answer", async () => {
    one.answer = always({ answers: [address("www.example", 1)], delayMs: 50 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => respond("www.example")));
    assert.deepEqual(new Set(answers.map(({ words }) => words[0])), new Set(["A 192.0.2.1"]));
    assert.equal(one.asked.length, 1);
  });

  it("asks over TCP when the answer was cut, and cuts it for its client alike", async () => {
    const answers = Array.from({ length: 60 }, (_, i) => address("www.example", i));
    one.answer = always({ answers, truncated: true });
    const { words, view, bytes } = await respond("www.example", TYPE.A, 0);
    assert.deepEqual(one.asked, ["www.example A", "www.example A tcp"]);
    assert.ok(words.length > 20 && bytes.length <= PLAIN_UDP_BYTES);
    assert.equal(view.flags & FLAG.truncated, FLAG.truncated);
    const whole = await responder.respond(queryBytes("www.example", TYPE.A), "tcp", CLIENT);
    assert.equal(heard(whole!).words.length, 60);
    assert.equal(one.asked.length, 2);
  });

  it("asks the next server when one is silent, fails or is not there, and the first again once it is well", async () => {
    two.answer = always({ answers: [address("a.example", 2, 0)] });
    one.answer = always({ rcode: RCODE.serverFailure });
    assert.deepEqual((await respond("a.example")).words, ["A 192.0.2.2"]);
    one.answer = () => undefined;
    assert.deepEqual((await respond("a.example")).words, ["A 192.0.2.2"]);
    assert.deepEqual((await respond("a.example")).words, ["A 192.0.2.2"]);
    one.asked.length = 0;
    assert.deepEqual((await respond("a.example")).words, ["A 192.0.2.2"]);
    assert.deepEqual(one.asked, [], "one that did not answer twice is not asked");
    one.answer = always({ answers: [address("a.example", 1, 0)] });
    while ((await respond("a.example")).words[0] !== "A 192.0.2.1") {
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    assert.equal(one.asked[0], " NS");
  });

  it("fails when nobody answers, and is refused when there is nobody to ask", async () => {
    assert.deepEqual((await respond("a.example")).words, ["serverFailure"]);
    const { port } = one;
    one.close();
    one = await new FakeUpstream().start();
    use([{ address: "127.0.0.1", port }]);
    assert.deepEqual((await respond("a.example")).words, ["serverFailure"]);
    use([]);
    assert.deepEqual((await respond("a.example")).words, ["refused"]);
  });

  it("hears no answer but the one to its question", async () => {
    use([one]);
    const spoils: ((message: Uint8Array) => Uint8Array)[] = [
      message => message.with(1, message[1]! ^ 1),
      message => message.with(2, message[2]! & 0x7f),
      message => message.with(13, "b".charCodeAt(0)),
      message => message.with(12 + 11 + 1, TYPE.AAAA),
      message => message.subarray(0, message.length - 12),
      message => message.with(7, 200),
    ];
    for (const spoil of spoils) {
      one.answer = always({ answers: [address("a.example", 1)], spoil });
      assert.deepEqual((await respond("a.example")).words, ["serverFailure"], String(spoil));
    }
  });

  it("has old answers for when servers are gone, and for who would wait too long", async function () {
    this.timeout(10_000);
    use([one]);
    one.answer = always({ answers: [address("a.example", 1)] });
    await respond("a.example");
    nowMs += 60_000;
    one.answer = () => undefined;
    for (let i = 0; i < 3; i++) {
      const { words, ttls } = await respond("a.example");
      assert.deepEqual([words, ttls], [["A 192.0.2.1"], [30]]);
    }
    const slow: Exchange = (server, message) => exchange(server, message, 10 * STALE_ANSWER_AFTER_MS);
    const upstreams = new Upstreams({ servers: [two], randomId: () => 7, exchange: slow });
    const patient = new Forwarder({ upstreams, stubs: new Map(), nowMs: () => nowMs });
    const question = { name: "b.example", type: TYPE.A, dnssecOk: false, checkingDisabled: false };
    two.answer = always({ answers: [address("b.example", 2)] });
    await patient.lookUp(question, CLIENT);
    nowMs += 60_000;
    two.answer = always({ answers: [address("b.example", 3)], delayMs: 2 * STALE_ANSWER_AFTER_MS });
    const outcome = await patient.lookUp(question, CLIENT);
    assert.equal("ttlSeconds" in outcome && outcome.ttlSeconds, 30);
    patient.close();
    nowMs += 3_700_000;
    assert.deepEqual((await respond("a.example")).words, ["serverFailure"]);
  });

  it("follows an ExternalName to its end", async () => {
    cluster.service("default/out", { externalName: "Www.example" });
    const chain: ResourceRecord[] = [
      { name: "www.example", type: TYPE.CNAME, ttl: 5, data: { target: "host.example" } },
      address("host.example", 4),
    ];
    one.answer = always({ answers: chain });
    const { words, view } = await respond("out.default.svc.cluster.local");
    assert.deepEqual(words, ["CNAME Www.example", "CNAME host.example", "A 192.0.2.4"]);
    assert.equal(view.flags & FLAG.authoritative, FLAG.authoritative);
    one.answer = always({ rcode: RCODE.nameError, authority: [soa(1, 1)] });
    cluster.service("default/gone", { externalName: "gone.example" });
    assert.deepEqual((await respond("gone.default.svc.cluster.local")).words, ["CNAME gone.example"]);
    one.answer = always({ rcode: RCODE.serverFailure });
    cluster.service("default/dead", { externalName: "dead.example" });
    assert.deepEqual((await respond("dead.default.svc.cluster.local")).words, ["serverFailure"]);
  });

  it("asks the servers of a domain for its names alone", async () => {
    const stubs = new Map([
      ["corp.example", [two]],
      ["deep.corp.example", [one]],
    ]);
    use([one], stubs);
    one.answer = always({ answers: [] });
    two.answer = always({ answers: [] });
    for (const name of ["a.corp.example", "corp.example", "xcorp.example", "b.deep.corp.example"]) {
      await respond(name);
    }
    assert.deepEqual(two.asked, ["a.corp.example A", "corp.example A"]);
    assert.deepEqual(one.asked, ["xcorp.example A", "b.deep.corp.example A"]);
  });

  it("lets no client wait for more than its share", async () => {
    // The kernel keeps fewer datagrams than this for a server that is slow to take them: the other one gets those.
    attemptMs = 1_000;
    one.answer = always({ answers: [address("a.example", 1)], delayMs: 60 });
    two.answer = one.answer;
    const asked = Array.from({ length: MAX_WAITING_PER_CLIENT + 5 }, (_, i) => respond(`n${i}.example`));
    const other = responder.respond(queryBytes("other.example", TYPE.A), "udp", "10.244.0.6");
    const words = (await Promise.all(asked)).map(each => each.words[0]);
    assert.equal(words.filter(each => each === "refused").length, 5);
    assert.equal(words.filter(each => each === "A 192.0.2.1").length, MAX_WAITING_PER_CLIENT);
    assert.deepEqual(heard((await other)!).words, ["A 192.0.2.1"]);
  });
});

describe("DNS servers", () => {
  it("are written with or without a port", () => {
    assert.deepEqual(parseServer("192.0.2.1"), { address: "192.0.2.1", port: 53 });
    assert.deepEqual(parseServer("192.0.2.1:5353"), { address: "192.0.2.1", port: 5353 });
    assert.deepEqual(parseServer("2001:db8::1"), { address: "2001:db8::1", port: 53 });
    assert.deepEqual(parseServer("[2001:db8::1]:5353"), { address: "2001:db8::1", port: 5353 });
    for (const text of ["", "example.org", "192.0.2.1:0", "[192.0.2.1", "192.0.2.1:x"]) {
      assert.equal(parseServer(text), undefined, text);
    }
  });

  it("of resolv.conf are its nameserver lines", () => {
    const text =
      "# mine\nsearch example\n nameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver\nnameserver ::1\n";
    assert.deepEqual(nameserversOf(text), ["192.0.2.1", "::1"]);
  });

  it("on the lab's networks are asked from the node, others from the machine", () => {
    const inside = [{ family: 4, bytes: Uint8Array.of(172, 30, 0, 0), prefixLength: 16 } as const];
    const servers = serversOf(["172.30.0.2", "127.0.0.1"], { inside, machineNamespace: 33 });
    assert.deepEqual(
      servers.map(({ namespace }) => namespace),
      [undefined, 33],
    );
  });
});
