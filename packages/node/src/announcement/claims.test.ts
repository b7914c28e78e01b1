import assert from "node:assert/strict";
import { seededRandom, testSeed } from "@podwire/wire/testing";
import { beatFrames, readBeat } from "./beat.ts";
import { type Candidacy, Claims } from "./claims.ts";
import { LIMITS } from "./limits.ts";

const VNI = 7;
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
const SEED = testSeed();

/** Nodes on one link in simulated time: beats are frames, some are lost. */
class Link {
  nowMs = 0;
  readonly #nodes = new Map<
    string,
    { claims: Claims; beatMs: number; frozen: boolean; queue: Uint8Array[] }
  >();
  readonly #lose: () => boolean;

  constructor(names: readonly string[], lose: () => boolean = () => false) {
    this.#lose = lose;
    for (const name of names) this.start(name);
  }

  start(name: string): void {
    const claims = new Claims(name, this.nowMs);
    this.#nodes.set(name, { claims, beatMs: Number.POSITIVE_INFINITY, frozen: false, queue: [] });
  }

  kill(name: string): void {
    this.#nodes.delete(name);
  }

  freeze(name: string, frozen: boolean): void {
    this.#nodes.get(name)!.frozen = frozen;
  }

  claims(name: string): Claims {
    return this.#nodes.get(name)!.claims;
  }

  want(wanted: readonly Candidacy[], names: Iterable<string> = this.#nodes.keys()): void {
    for (const name of names) {
      this.claims(name).want(wanted.filter(({ candidates }) => candidates.includes(name)));
    }
  }

  run(durationMs: number): void {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs; this.nowMs += 10) this.#step();
  }

  #step(): void {
    for (const [name, node] of this.#nodes) {
      if (node.frozen) continue;
      for (const frame of node.queue.splice(0)) node.claims.heard(readBeat(frame, VNI)!, this.nowMs);
      const { claimed, released } = node.claims.decide(this.nowMs);
      if (claimed.length + released.length === 0 && node.beatMs > this.nowMs) continue;
      const told = [...node.claims.claimed];
      for (const frame of beatFrames(MAC, VNI, name, node.claims.isFresh, told)) {
        for (const [other, { queue }] of this.#nodes) if (other !== name && !this.#lose()) queue.push(frame);
      }
      node.beatMs = told.length > 0 ? this.nowMs + LIMITS.beatMs : Number.POSITIVE_INFINITY;
    }
  }

  /** Living nodes that announce an address. */
  ownersOf(address: string): string[] {
    const living = [...this.#nodes].filter(([, { frozen }]) => !frozen);
    return living.filter(([, { claims }]) => claims.claimed.has(address)).map(([name]) => name);
  }

  ownerOf(address: string): string {
    const owners = this.ownersOf(address);
    assert.equal(owners.length, 1, `${address} is announced by ${owners.join(" and ") || "nobody"}`);
    return owners[0]!;
  }
}

const NAMES = ["node-1", "node-2", "node-3", "node-4"];
const all = (addresses: readonly string[], candidates = NAMES): Candidacy[] =>
  addresses.map(address => ({ address, candidates }));
const many = Array.from({ length: 200 }, (_, index) => `192.0.2.${index}`);

describe("claims", () => {
  it("every address has one owner, and they spread over nodes", () => {
    const link = new Link(NAMES);
    link.want(all(many));
    link.run(1500);
    const owners = many.map(address => link.ownerOf(address));
    for (const name of NAMES) {
      const share = owners.filter(owner => owner === name).length;
      assert.ok(share > 30 && share < 70, `${name} has ${share} of ${many.length}`);
    }
  });

  it("when a node dies, others have its addresses within a second, and no address of another moves", () => {
    const link = new Link(NAMES);
    link.want(all(many));
    link.run(1500);
    const before = many.map(address => link.ownerOf(address));
    link.kill("node-2");
    link.run(1000);
    for (const [index, address] of many.entries()) {
      if (before[index] !== "node-2") assert.equal(link.ownerOf(address), before[index]);
      else assert.notEqual(link.ownerOf(address), "node-2");
    }
    link.start("node-2");
    link.want(all(many), ["node-2"]);
    link.run(LIMITS.listenMs + 100);
    assert.deepEqual(
      many.map(address => link.ownerOf(address)),
      before,
    );
  });

  it("a node that was frozen has its addresses again, and announces those that others claimed", () => {
    const link = new Link(NAMES);
    link.want(all(many));
    link.run(1500);
    const its = many.filter(address => link.ownerOf(address) === "node-3");
    link.freeze("node-3", true);
    link.run(2000);
    for (const address of its) assert.notEqual(link.ownerOf(address), "node-3");
    link.claims("node-3").takeDisputed();
    link.freeze("node-3", false);
    link.run(100);
    for (const address of its) assert.equal(link.ownerOf(address), "node-3");
    assert.deepEqual(link.claims("node-3").takeDisputed().sort(), its.sort());
  });

  it("who is cut off from the control plane comes last, as long as another is not", () => {
    const link = new Link(NAMES);
    link.want(all(["192.0.2.1"]));
    link.run(1000);
    const owner = link.ownerOf("192.0.2.1");
    link.claims(owner).isFresh = false;
    // The control plane moved the endpoints, which the owner does not know.
    const others = NAMES.filter(name => name !== owner);
    link.want([{ address: "192.0.2.1", candidates: [others[1]!] }], others);
    link.run(1000);
    assert.equal(link.ownerOf("192.0.2.1"), others[1]);
    for (const name of NAMES) link.claims(name).isFresh = false;
    link.want(all(["192.0.2.1"]));
    link.run(1000);
    assert.equal(link.ownerOf("192.0.2.1"), owner);
  });

  it("an address that is given up goes to another at once, one that nobody may have to none", () => {
    const link = new Link(NAMES);
    link.want(all(["192.0.2.1", "fd00::1"]));
    link.run(1000);
    const owner = link.ownerOf("192.0.2.1");
    const others = NAMES.filter(name => name !== owner);
    link.want(all(["192.0.2.1"], others));
    link.run(300);
    assert.notEqual(link.ownerOf("192.0.2.1"), owner);
    assert.deepEqual(link.ownersOf("fd00::1"), []);
    link.want([]);
    link.run(50);
    assert.deepEqual(link.ownersOf("192.0.2.1"), []);
  });

  it(`under losses, deaths and returns there is one owner again a moment later (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    let losesOneOf = 10;
    const link = new Link(NAMES, () => random(losesOneOf) === 1);
    const addresses = many.slice(0, 40);
    link.want(all(addresses));
    const living = new Set(NAMES);
    for (let round = 0; round < 60; round++) {
      const name = NAMES[random(NAMES.length)]!;
      if (!living.has(name)) {
        living.add(name);
        link.start(name);
        link.want(all(addresses), [name]);
      } else if (living.size > 1) {
        living.delete(name);
        link.kill(name);
      }
      losesOneOf = 10;
      link.run(random(2000));
      losesOneOf = Number.POSITIVE_INFINITY;
      link.run(1500);
      for (const address of addresses) assert.ok(living.has(link.ownerOf(address)));
    }
  });
});

describe("beats", () => {
  it("carry a node's claims of both families, in as many frames as they need", () => {
    const claims = [...many, "fd00::1", "2001:db8::ffff:1"];
    const frames = beatFrames(MAC, VNI, "node-1", true, claims);
    const beats = frames.map(frame => readBeat(frame, VNI)!);
    assert.equal(beats.length, Math.ceil(claims.length / LIMITS.claimsPerFrame));
    assert.deepEqual(
      beats.flatMap(beat => beat.claims),
      claims,
    );
    assert.ok(frames.every(frame => frame.length <= 626));
    assert.deepEqual(beats[2], { ...beats[2], node: "node-1", isFresh: true, part: 2, parts: beats.length });
    assert.deepEqual(readBeat(beatFrames(MAC, VNI, "b", false, [])[0]!, VNI), {
      node: "b",
      isFresh: false,
      part: 0,
      parts: 1,
      claims: [],
    });
  });

  it("padded frames are read, those of other overlays and damaged ones are not", () => {
    const [frame] = beatFrames(MAC, VNI, "node-1", true, []) as [Uint8Array];
    const padded = new Uint8Array(60);
    padded.set(frame);
    assert.deepEqual(readBeat(padded, VNI)?.claims, []);
    assert.equal(readBeat(frame, VNI + 1), undefined);
    for (let cut = 0; cut < frame.length; cut++)
      assert.equal(readBeat(frame.subarray(0, cut), VNI), undefined);
    const random = seededRandom(SEED);
    for (let round = 0; round < 2000; round++) {
      const damaged = padded.slice();
      damaged[14 + random(46)] = random(256);
      readBeat(damaged, VNI);
    }
  });
});
