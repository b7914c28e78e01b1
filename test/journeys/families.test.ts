/**
 * The same pods on clusters of other shapes: one family only, either family first, an overlay over IPv6, other
 * node ranges, port and VNI, a jumbo underlay. What is configured is seen on the wire; what is not is nowhere.
 */
import assert from "node:assert/strict";
import { kinds, type Pod } from "@podwire/api";
import { Protocol, udp, vxlan } from "@podwire/wire";
import { host, type LabShape, podManifest, runServers, sh, useLab } from "./lab.ts";
import { PacketSocket } from "./packets.ts";

type Family = "IPv4" | "IPv6";

interface Shape {
  readonly what: string;
  readonly lab: LabShape;
  /** Families of the pods, the primary first. */
  readonly families: readonly Family[];
  readonly podMtu: number;
  /** Prefix lengths of the nodes' pod CIDRs, in the order of the families. */
  readonly masks: readonly number[];
  readonly outer: Family;
  readonly port: number;
  readonly vni: number;
}

const PLAIN = { podMtu: 1450, masks: [24, 64], outer: "IPv4", port: 4789, vni: 1 } as const;

const SHAPES: readonly Shape[] = [
  {
    ...PLAIN,
    what: "IPv4 alone",
    lab: { networking: { ipFamilies: ["IPv4"] } },
    families: ["IPv4"],
    masks: [24],
  },
  {
    ...PLAIN,
    what: "IPv6 alone, over an IPv4 underlay",
    lab: { networking: { ipFamilies: ["IPv6"] } },
    families: ["IPv6"],
    masks: [64],
  },
  {
    ...PLAIN,
    what: "IPv6 alone, nodes included",
    lab: { networking: { ipFamilies: ["IPv6"] }, underlay: { cidrs: ["fd00:99::/64"] } },
    families: ["IPv6"],
    podMtu: 1430,
    masks: [64],
    outer: "IPv6",
  },
  {
    what: "IPv6 first, over IPv6, with other ranges, port and VNI",
    lab: {
      networking: {
        ipFamilies: ["IPv6", "IPv4"],
        podCIDRs: ["fd00:aa::/60", "10.9.0.0/20"],
        nodeMaskSizes: { IPv4: 26, IPv6: 72 },
      },
      underlay: { vxlanFamily: "IPv6" },
      vxlan: { port: 8472, vni: 0xabcdef },
    },
    families: ["IPv6", "IPv4"],
    podMtu: 1430,
    masks: [72, 26],
    outer: "IPv6",
    port: 8472,
    vni: 0xabcdef,
  },
  {
    ...PLAIN,
    what: "a jumbo underlay",
    lab: { underlay: { mtu: 65535 } },
    families: ["IPv4", "IPv6"],
    podMtu: 65485,
  },
];

for (const shape of SHAPES) {
  describe(`journey: ${shape.what}`, function () {
    this.timeout(60_000);
    const context = useLab({ nodes: [{ namePrefix: "node-", count: 2 }], ...shape.lab });
    let pods: Record<"web" | "near" | "far", Pod>;

    before(async () => {
      const [web, near, far] = await runServers(context.lab, [
        podManifest("web", { node: "node-1" }),
        podManifest("near", { node: "node-1" }),
        podManifest("far", { node: "node-2" }),
      ]);
      pods = { web: web!, near: near!, far: far! };
    });

    it("pods and nodes have addresses of these families, in this order, and no others", async () => {
      for (const pod of Object.values(pods)) {
        const addresses = pod.status.podIPs!.map(({ ip }) => ip);
        assert.deepEqual(addresses.map(familyOf), shape.families);
        assert.equal(pod.status.podIP, addresses[0]);
        const printed = await sh(context.lab, pod.metadata.name, "ip -o addr show dev eth0 scope global");
        const onDevice = [...printed.matchAll(/inet6? (\S+)\//g)].map(match => match[1]!);
        assert.deepEqual(onDevice.sort(), addresses.sort());
      }
      for (const family of ["IPv4", "IPv6"].filter(each => !shape.families.includes(each as Family))) {
        const flag = family === "IPv4" ? "-4" : "-6";
        assert.equal(await sh(context.lab, "web", `ip ${flag} route show default`), "");
        const node = await context.lab
          .netnsOfNode("node-1")
          .exec("ip", flag, "-o", "addr", "show", "dev", "pw0", "scope", "global");
        assert.equal(node.stdout, "");
      }
    });

    it("nodes have ranges of these sizes, and their pods are inside of them, apart from each other", async () => {
      const nodes = (await context.lab.client.list(kinds.nodes)).items;
      for (const node of nodes) {
        const lengths = node.spec.podCIDRs!.map(cidr => Number(cidr.split("/")[1]));
        assert.deepEqual(lengths, shape.masks);
      }
      assert.equal(new Set(nodes.flatMap(node => node.spec.podCIDRs)).size, 2 * shape.families.length);
      const all = Object.values(pods).flatMap(pod => pod.status.podIPs!.map(({ ip }) => ip));
      assert.equal(new Set(all).size, all.length);
    });

    it(`pods have an MTU of ${shape.podMtu}, and packets of that size pass whole`, async () => {
      assert.equal(await sh(context.lab, "web", "cat /sys/class/net/eth0/mtu"), `${shape.podMtu}`);
      for (const { ip } of pods.web.status.podIPs!) {
        const data = shape.podMtu - (familyOf(ip) === "IPv4" ? 28 : 48);
        await sh(context.lab, "far", `ping -M do -c 1 -W 5 -s ${data} ${ip}`);
      }
    });

    for (const family of shape.families) {
      for (const from of ["near", "far"] as const) {
        it(`${family}: TCP, UDP and ping from ${from} to web, which sees who asks`, async () => {
          const [to, own] = [addressOf(pods.web, family), addressOf(pods[from], family)];
          const seen = await sh(context.lab, from, `curl -sS -m 5 http://${host(to)}:8080/clientip`);
          assert.equal(seen.replace(/:\d+$/, ""), host(own));
          const url = `http://127.0.0.1:8080/dial?request=clientip&protocol=udp&port=8081&host=${to}`;
          const dial = `curl -sS -m 5 -g '${family === "IPv6" ? url.replace("127.0.0.1", "[::1]") : url}'`;
          const answer = JSON.parse(await sh(context.lab, from, dial)) as { responses?: string[] };
          assert.equal(answer.responses?.[0]?.replace(/:\d+$/, ""), host(own));
          await sh(context.lab, from, `ping -c 1 -W 5 -s 8000 ${to}`);
          const upload = `head -c 3000000 /dev/zero | curl -sS -m 20 -o /dev/null -w '%{http_code}' -F file=@- http://${host(to)}:8080/upload`;
          assert.equal(await sh(context.lab, from, upload), "201");
        });
      }
    }

    it(`the overlay runs over ${shape.outer}, port ${shape.port}, VNI ${shape.vni}`, async () => {
      const underlay = new PacketSocket(
        context.lab.netnsOfNode("node-1").pid,
        shape.outer === "IPv4" ? 4 : 6,
      );
      try {
        await sh(context.lab, "far", `ping -c 1 -W 5 ${pods.web.status.podIP}`);
        const datagrams = underlay.arrived().filter(({ protocol }) => protocol === Protocol.Udp);
        assert.ok(datagrams.length > 0, "datagrams of the overlay");
        for (const { payload } of datagrams) {
          const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
          assert.equal(udp.destinationPort(view, 0), shape.port);
          assert.equal(vxlan.vni(view, udp.HEADER_BYTES), shape.vni);
        }
      } finally {
        underlay.close();
      }
    });
  });
}

function familyOf(address: string): Family {
  return address.includes(":") ? "IPv6" : "IPv4";
}

function addressOf(pod: Pod, family: Family): string {
  return pod.status.podIPs!.find(({ ip }) => familyOf(ip) === family)!.ip;
}
