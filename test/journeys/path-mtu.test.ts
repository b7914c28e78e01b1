/**
 * Path MTU: nodes on underlays of different size, and a path that shrinks while connections use it. The sender is
 * told by ICMP, and TCP goes on.
 */
import assert from "node:assert/strict";
import type { Pod } from "@podwire/api";
import { expectSuccess, host, ipv4Of, ipv6Of, podManifest, runServers, sh, useLab } from "./lab.ts";

describe("journey: path MTU", function () {
  this.timeout(60_000);
  const context = useLab({
    nodes: [{ name: "wide" }, { name: "narrow", underlayMtu: 1400 }, { name: "other" }],
  });
  let pods: Pod[];

  before(async () => {
    pods = await runServers(
      context.lab,
      ["wide", "narrow", "other"].map(node => podManifest(`on-${node}`, { node })),
    );
  });

  const upload = (from: string, to: string) =>
    sh(
      context.lab,
      from,
      `head -c 3000000 /dev/zero | curl -sS -m 20 -o /dev/null -w '%{http_code} %{size_upload}' -X POST -F file=@- http://${host(to)}:8080/upload`,
    );

  for (const { name, of, flag, headers, tooBig } of [
    { name: "IPv4", of: ipv4Of, flag: "-4", headers: 28, tooBig: /Frag needed and DF set \(mtu = 1350\)/ },
    { name: "IPv6", of: ipv6Of, flag: "-6", headers: 48, tooBig: /Packet too big: mtu=1350/ },
  ]) {
    it(`${name}: a packet too big for the peer's underlay is answered with the MTU that fits`, async () => {
      const ping = (bytes: number) =>
        context.lab.exec("on-wide", [
          "ping",
          flag,
          "-Mdo",
          "-c1",
          "-W2",
          "-s",
          `${bytes - headers}`,
          of(pods[1]!),
        ]);
      const refused = await ping(1351);
      assert.match(refused.stdout + refused.stderr, tooBig);
      assert.equal((await ping(1350)).code, 0);
    });

    it(`${name}: TCP runs over the smaller underlay, both ways`, async () => {
      assert.match(await upload("on-wide", of(pods[1]!)), /^201 /);
      assert.match(await upload("on-narrow", of(pods[0]!)), /^201 /);
    });

    it(`${name}: TCP survives a path that becomes smaller than both ends announced`, async () => {
      const node = context.lab.netnsOfNode("wide");
      const other = context.lab.topology.nodes.find(each => each.name === "other")!;
      const route = `${other.addresses[0]!} dev eth0`;
      const family = other.addresses[0]!.includes(":") ? "-6" : "-4";
      expectSuccess(
        "route",
        await node.exec("ip", family, "route", "replace", ...route.split(" "), "mtu", "1350"),
      );
      try {
        assert.match(await upload("on-wide", of(pods[2]!)), /^201 /);
      } finally {
        expectSuccess("route", await node.exec("ip", family, "route", "del", ...route.split(" ")));
      }
    });
  }
});
