/**
 * Who may say what: pods that send from addresses of others, a host of a node that does, and an attacker on the
 * underlay who writes VXLAN datagrams. Nothing of it arrives, and the counter that names it rises by what was
 * sent. A ping behind the forged packets shows when the data plane has dealt with them.
 */
import assert from "node:assert/strict";
import { kinds, type Pod } from "@podwire/api";
import type { OutsideHost } from "@podwire/lab";
import { ethernet, icmp, icmpv6, Protocol, udp, vxlan } from "@podwire/wire";
import * as address from "@podwire/wire/address";
import { expectSuccess, ipv4Of, ipv6Of, podManifest, runPods, sh, useLab } from "./lab.ts";
import { dropsOf, flowsOf, type IpPacket, ipBytes, PacketSocket, udpDatagram } from "./packets.ts";

const VXLAN_PORT = 4789;
const SECRET = Buffer.from("nobody but me sends this");
/** What a new pod's kernel sends of its own accord, any time. */
const KERNEL_NOISE = ["multicast-listener", "neighbour-discovery"];
const FAMILIES = [
  { family: 4, of: ipv4Of, flag: "-4", outside: "192.0.2.1" },
  { family: 6, of: ipv6Of, flag: "-6", outside: "2001:db8::1" },
] as const;

describe("journey: forged packets", function () {
  this.timeout(60_000);
  const context = useLab();
  let pods: Record<"thief" | "near" | "victim" | "other", Pod>;
  const open: PacketSocket[] = [];

  before(async () => {
    const [thief, near, victim, other] = await runPods(
      context.lab,
      [
        ["thief", "node-1"],
        ["near", "node-1"],
        ["victim", "node-2"],
        ["other", "node-3"],
      ].map(([name, node]) => podManifest(name!, { node: node!, image: "pause", args: [] })),
    );
    pods = { thief: thief!, near: near!, victim: victim!, other: other! };
  });

  after(() => {
    for (const socket of open) socket.close();
  });

  const socketOf = async (pod: string, family: 4 | 6) => {
    const { pid } = await context.lab.netnsOfPod({ name: pod });
    const socket = new PacketSocket(pid, family);
    open.push(socket);
    return socket;
  };
  const datagram = (source: string, destination: string, ports: readonly [number, number]): IpPacket => ({
    source,
    destination,
    protocol: Protocol.Udp,
    payload: udpDatagram(...ports, SECRET),
  });
  /** Datagrams with the secret; kernels answer the first ones with ICMP errors, which quote it. */
  const secrets = (socket: PacketSocket) =>
    socket
      .arrived()
      .filter(({ protocol, payload }) => protocol === Protocol.Udp && Buffer.from(payload).includes(SECRET));

  /** What the node's counters rise by while `send` runs and until `settled`. */
  async function rise(node: string, send: () => void, settled: () => Promise<unknown>) {
    const before = await dropsOf(context.lab, node);
    send();
    await settled();
    const after = await dropsOf(context.lab, node);
    const risen = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
    return Object.fromEntries(risen.filter(([name, count]) => count > 0 && !KERNEL_NOISE.includes(name)));
  }

  for (const { family, of, flag, outside } of FAMILIES) {
    const settled = (from: string, to: string) => () =>
      sh(context.lab, from, `ping ${flag} -c 1 -W 5 ${of(pods[to as keyof typeof pods])}`);

    it(`IPv${family}: a pod that sends from another pod's, a node's or an outside address is not heard`, async () => {
      const [thief, near, victim] = [
        await socketOf("thief", family),
        await socketOf("near", family),
        await socketOf("victim", family),
      ];
      const node = context.lab.topology.nodes[0]!.addresses.find(a => a.includes(":") === (family === 6))!;
      for (const [to, socket] of [
        ["near", near],
        ["victim", victim],
      ] as const) {
        const forged = [of(pods.near), of(pods.victim), of(pods.other), node, outside];
        // A packet from the receiver itself would not reach the device: the kernel knows that address as its own.
        const sources = forged.filter(source => source !== of(pods[to]));
        const send = () => {
          for (const source of sources) thief.send(datagram(source, of(pods[to]), [4000, 4000]));
        };
        assert.deepEqual(await rise("node-1", send, settled("thief", to)), {
          "source-not-pods": sources.length,
        });
        assert.deepEqual(secrets(socket), []);
        thief.send(datagram(of(pods.thief), of(pods[to]), [4000, 4000]));
        await settled("thief", to)();
        assert.deepEqual(
          secrets(socket).map(({ source }) => source),
          [of(pods.thief)],
        );
      }
      const flows = await flowsOf(context.lab, "node-1");
      const refused = flows.find(flow => flow.source === outside && flow.dropReason === "source-not-pods");
      assert.equal(refused?.from, "pod default/thief");
    });

    it(`IPv${family}: nor is one that joins the flow of another pod`, async () => {
      const [thief, near, victim] = [
        await socketOf("thief", family),
        await socketOf("near", family),
        await socketOf("victim", family),
      ];
      near.send(datagram(of(pods.near), of(pods.victim), [4001, 4002]));
      await settled("near", "victim")();
      assert.equal(secrets(victim).length, 1);
      const join = () => {
        thief.send(datagram(of(pods.near), of(pods.victim), [4001, 4002]));
        thief.send(datagram(of(pods.victim), of(pods.near), [4002, 4001]));
      };
      assert.deepEqual(await rise("node-1", join, settled("thief", "victim")), { "source-not-pods": 2 });
      assert.deepEqual([...secrets(victim), ...secrets(near)], []);
    });

    it(`IPv${family}: an ICMP error of a pod about flows that it has no part in is dropped`, async () => {
      const [thief, near, victim] = [
        await socketOf("thief", family),
        await socketOf("near", family),
        await socketOf("victim", family),
      ];
      const packet = datagram(of(pods.near), of(pods.victim), [4003, 4004]);
      near.send(packet);
      await settled("near", "victim")();
      victim.arrived();
      near.arrived();
      const error = (quoted: IpPacket): IpPacket => ({
        source: of(pods.thief),
        destination: of(pods.near),
        protocol: family === 4 ? Protocol.Icmp : Protocol.Icmpv6,
        payload: tooBig(family, ipBytes(quoted)),
      });
      const send = () => {
        thief.send(error(packet));
        thief.send(error(datagram(of(pods.near), of(pods.victim), [4003, 9999])));
      };
      assert.deepEqual(await rise("node-1", send, settled("thief", "near")), {
        "icmp-error-bad": 1,
        "icmp-error-no-flow": 1,
      });
      assert.deepEqual(secrets(near), []);
    });

    it(`IPv${family}: a node's host may not speak for pods`, async () => {
      const host = new PacketSocket(context.lab.netnsOfNode("node-1").pid, family);
      open.push(host);
      const victim = await socketOf("victim", family);
      const send = () => {
        host.send(datagram(of(pods.near), of(pods.victim), [4005, 4005]));
        host.send(datagram(of(pods.other), of(pods.victim), [4005, 4005]));
      };
      const ping = async () =>
        expectSuccess(
          "ping",
          await context.lab.netnsOfNode("node-1").exec("ping", "-c1", "-W5", of(pods.victim)),
        );
      assert.deepEqual(await rise("node-1", send, ping), { "source-not-hosts": 2 });
      assert.deepEqual(secrets(victim), []);
    });
  }

  describe("on the underlay", () => {
    let attacker: OutsideHost;
    let underlay: PacketSocket;
    let victims: Record<4 | 6, PacketSocket>;
    let mac: Uint8Array;

    before(async () => {
      attacker = await context.lab.attachOutside("attacker");
      underlay = new PacketSocket(attacker.holder.pid, 4);
      victims = { 4: await socketOf("victim", 4), 6: await socketOf("victim", 6) };
      open.push(underlay);
      const node = await context.lab.client.get(kinds.nodes, { name: "node-2" });
      mac = address.parseMac(node.metadata.annotations!["podwire.dev/vtep-mac"]!)!;
    });

    after(() => attacker.close());

    const underlayOf = (node: string) =>
      context.lab.topology.nodes.find(({ name }) => name === node)!.addresses.find(a => !a.includes(":"))!;

    interface Forgery {
      readonly inner: IpPacket;
      /** Outer source; the attacker's own unless given. */
      readonly from?: string;
      readonly tos?: number;
      readonly change?: (frame: Uint8Array, view: DataView) => Uint8Array | undefined;
    }

    /** Sends to node-2 what its peer would send. */
    function inject({ inner, from, tos = 0, change }: Forgery): void {
      const packet = ipBytes(inner);
      const headerBytes = vxlan.HEADER_BYTES + ethernet.HEADER_BYTES;
      const frame = new Uint8Array(headerBytes + packet.length);
      const view = new DataView(frame.buffer);
      vxlan.write(view, 0, 1);
      const { Ipv4, Ipv6 } = ethernet.EtherType;
      const type = inner.source.includes(":") ? Ipv6 : Ipv4;
      ethernet.write(view, vxlan.HEADER_BYTES, mac, new Uint8Array([2, 0, 0, 0, 0, 9]), type);
      frame.set(packet, headerBytes);
      underlay.send({
        source: from ?? attacker.addresses.find(a => !a.includes(":"))!,
        destination: underlayOf("node-2"),
        protocol: Protocol.Udp,
        payload: udpDatagram(50_000, VXLAN_PORT, change?.(frame, view) ?? frame),
        tos,
      });
    }

    const pinged = async () => {
      expectSuccess("ping", await attacker.exec("ping", "-c1", "-W5", underlayOf("node-2")));
      await sh(context.lab, "near", `ping -c 1 -W 5 ${ipv4Of(pods.victim)}`);
    };

    for (const { family, of } of FAMILIES) {
      const right = () => datagram(of(pods.near), of(pods.victim), [5000, 5000]);

      it(`IPv${family}: datagrams that a node did not send, or may not, are named and dropped`, async () => {
        const peer = { from: underlayOf("node-1") };
        const elsewhere = datagram(of(pods.near), of(pods.other), [5000, 5000]);
        const vacant = of(pods.victim).replace(/[\da-f]+$/, family === 4 ? "250" : "fafa");
        const cases: Record<string, Forgery> = {
          "outer-source-unknown": { inner: right() },
          "inner-source-not-peers": { inner: right(), from: underlayOf("node-3") },
          "vni-wrong": { ...peer, inner: right(), change: (_, view) => void view.setUint32(4, 2 << 8) },
          "vxlan-flags-bad": { ...peer, inner: right(), change: (_, view) => void view.setUint8(7, 1) },
          "vxlan-short": { ...peer, inner: right(), change: frame => frame.subarray(0, 22) },
          "inner-mac-wrong": { ...peer, inner: right(), change: (_, view) => void view.setUint8(13, 9) },
          "inner-destination-elsewhere": { ...peer, inner: elsewhere },
          "no-such-pod": { ...peer, inner: { ...right(), destination: vacant } },
          [family === 4 ? "ipv4-header-bad" : "ipv6-header-bad"]: {
            ...peer,
            inner: right(),
            change: frame => frame.subarray(0, 50),
          },
        };
        for (const [reason, forgery] of Object.entries(cases)) {
          assert.deepEqual(await rise("node-2", () => inject(forgery), pinged), { [reason]: 1 });
        }
        assert.deepEqual(secrets(victims[family]), []);
      });

      it(`IPv${family}: a node may not join the flow of another one's pod`, async () => {
        const near = await socketOf("near", family);
        near.send(right());
        await pinged();
        assert.equal(secrets(victims[family]).length, 1);
        const forgery = { inner: right(), from: underlayOf("node-3") };
        assert.deepEqual(await rise("node-2", () => inject(forgery), pinged), {
          "inner-source-not-peers": 1,
        });
        assert.deepEqual(secrets(victims[family]), []);
      });

      it(`IPv${family}: congestion of the underlay reaches a flow that understands it, and drops others`, async () => {
        const [notEct, ect1, ect0, ce] = [0, 1, 2, 3];
        // Each a flow of its own: neighbours of one flow would arrive merged.
        const cases = [
          { inner: notEct, outer: ce, seen: undefined },
          { inner: notEct, outer: ect0, seen: notEct },
          { inner: ect0, outer: ce, seen: ce },
          { inner: ect1, outer: ce, seen: ce },
          { inner: ect0, outer: ect1, seen: ect1 },
          { inner: ce, outer: notEct, seen: ce },
        ];
        const portOf = (index: number) => 6000 + index;
        const send = () => {
          for (const [index, { inner, outer }] of cases.entries()) {
            const packet = datagram(of(pods.near), of(pods.victim), [5000, portOf(index)]);
            inject({ inner: { ...packet, tos: inner }, from: underlayOf("node-1"), tos: outer });
          }
        };
        assert.deepEqual(await rise("node-2", send, pinged), { "ecn-congestion": 1 });
        const seen = new Map(
          secrets(victims[family]).map(({ payload, tos }) => [
            udp.destinationPort(new DataView(payload.buffer, payload.byteOffset), 0),
            tos,
          ]),
        );
        assert.deepEqual(
          cases.map((_, index) => seen.get(portOf(index))),
          cases.map(each => each.seen),
        );
      });
    }
  });
});

/** "Packet too big", as a router would write it about the packet. */
function tooBig(family: 4 | 6, quoted: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(icmp.HEADER_BYTES + quoted.length);
  const view = new DataView(bytes.buffer);
  bytes.set(quoted, icmp.HEADER_BYTES);
  const unreachable = icmp.Type.DestinationUnreachable;
  if (family === 4) icmp.write(view, 0, bytes.length, unreachable, icmp.Unreachable.FragmentationNeeded, 576);
  else {
    view.setUint8(0, icmpv6.Type.PacketTooBig);
    view.setUint32(4, 1280);
  }
  return bytes;
}
