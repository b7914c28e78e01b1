import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { Children } from "./children.ts";
import { startKernelOverlay } from "./kernel-overlay.ts";
import { benchOverlay, type StartPodwire } from "./overlay.ts";
import { startUnderlay } from "./testing/underlay.ts";

const quick = { durationSeconds: 0.1, cases: ["tcp-connections"] };

/** A second overlay of the kernel in Podwire's place: the engine does not know the difference. */
function standIn(pids: number[]): StartPodwire {
  return async underlayMtu => {
    const children = new Children();
    const variant = await startKernelOverlay(children, await startUnderlay(children), underlayMtu);
    const hosts = await startUnderlay(children);
    pids.push(variant.client.pid, ...hosts.map(host => host.pid));
    return { variant: { ...variant, name: "podwire" }, hosts, down: () => children.close() };
  };
}

describe("podwire bench overlay", function () {
  this.timeout(60_000);

  it("refuses options that cannot give a result, before it starts anything", async () => {
    await assert.rejects(benchOverlay({ rounds: 2 }), /--rounds 2: must be a whole number from 3 to 100/);
    await assert.rejects(
      benchOverlay({ durationSeconds: 0 }),
      /--duration 0: must be from 0\.1 to 60 seconds/,
    );
    await assert.rejects(benchOverlay({ cases: ["quic"] }), /--case quic: no case has that in its name/);
  });

  it("measures both variants in every round and leaves nothing behind", async () => {
    const pids: number[] = [];
    const lines: string[] = [];
    const report = await benchOverlay({ ...quick, onProgress: line => lines.push(line) }, standIn(pids));
    assert.equal(report.kernelUnavailable, null);
    const [one] = report.cases;
    assert.deepEqual(one!.failures, []);
    assert.equal(one!.rounds.podwire.length, 3);
    assert.equal(one!.rounds.kernel.length, 3);
    assert.ok(one!.ratio! > 0);
    assert.ok(
      lines.some(line => /^tcp-connections\/across-nodes: round 3 of 3: podwire \S+, kernel /.test(line)),
    );
    assert.ok(pids.every(pid => !existsSync(`/proc/${pid}`)));
  });

  it("says why there is no ratio when the kernel's overlay cannot be made", async () => {
    const start: StartPodwire = async (mtu, signal) => {
      const podwire = await standIn([])(mtu, signal);
      const [first, second] = podwire.hosts;
      return { ...podwire, hosts: [first, { ...second, address: "not an address" }] };
    };
    const report = await benchOverlay(quick, start);
    assert.match(report.kernelUnavailable!, /the kernel's VXLAN device could not be set up: /);
    assert.ok(report.cases[0]!.podwire! > 0);
    assert.equal(report.cases[0]!.ratio, null);
  });

  it("reports a round that failed and goes on", async () => {
    const start: StartPodwire = async (mtu, signal) => {
      const podwire = await standIn([])(mtu, signal);
      const nowhere = { pid: podwire.variant.client.pid, addresses: { ipv4: "127.0.0.9", ipv6: "::1" } };
      const servers = { ...podwire.variant.servers, "across-nodes": nowhere };
      return {
        ...podwire,
        variant: { ...podwire.variant, client: podwire.variant.servers["same-node"], servers },
      };
    };
    const report = await benchOverlay(quick, start);
    assert.equal(report.cases[0]!.podwire, null);
    assert.equal(report.cases[0]!.rounds.kernel.length, 3);
    assert.equal(report.cases[0]!.failures.length, 3);
    assert.match(
      report.cases[0]!.failures[0]!,
      /^podwire, round 1: traffic generator, connector: .*ECONNREFUSED/,
    );
  });

  it("takes everything down when it is aborted", async () => {
    const pids: number[] = [];
    const abort = new AbortController();
    const onProgress = (line: string) => line.includes("round 1") && abort.abort(new Error("interrupted"));
    await assert.rejects(
      benchOverlay({ ...quick, signal: abort.signal, onProgress }, standIn(pids)),
      /interrupted/,
    );
    assert.ok(pids.length > 0 && pids.every(pid => !existsSync(`/proc/${pid}`)));
  });
});
