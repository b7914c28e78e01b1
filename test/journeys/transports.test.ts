/**
 * What is rarer than a TCP connection: SCTP, marked packets, datagrams larger than any path. The kernel may lack
 * SCTP, so that its packets are written by hand; they must arrive as they left, to the last byte.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Pod } from "@podwire/api";
import { Fit, Protocol, sctp, udp } from "@podwire/wire";
import { ipv4Of, ipv6Of, podManifest, runPods, sh, useLab } from "./lab.ts";
import { flowsOf, type IpPacket, PacketSocket, udpDatagram } from "./packets.ts";

const FAMILIES = [
  { family: 4, of: ipv4Of },
  { family: 6, of: ipv6Of },
] as const;
const LARGE_BYTES = 9000;

/** Answers each datagram with its length, its hash and where it came from. */
const HASHER = `
  const { createHash } = require("crypto");
  for (const type of ["udp4", "udp6"]) {
    const socket = require("dgram").createSocket({ type, ipv6Only: type === "udp6" });
    socket.on("message", (bytes, { port, address }) => {
      const digest = createHash("sha256").update(bytes).digest("hex");
      socket.send([address, bytes.length, digest].join(" "), port, address);
    });
    socket.bind(7000, () => type === "udp6" && console.log("listening"));
  }`;

describe("journey: other transports", function () {
  this.timeout(60_000);
  const context = useLab({
    nodes: [{ name: "wide" }, { name: "narrow", underlayMtu: 1400 }],
  });
  let pods: Record<"wide-1" | "wide-2" | "narrow-1", Pod>;
  const open: PacketSocket[] = [];

  before(async () => {
    const hasher = { image: "node", command: [process.execPath, "-e", HASHER] };
    const [one, two, narrow] = await runPods(context.lab, [
      podManifest("wide-1", { node: "wide", ...hasher }),
      podManifest("wide-2", { node: "wide", ...hasher }),
      podManifest("narrow-1", { node: "narrow", ...hasher }),
    ]);
    pods = { "wide-1": one!, "wide-2": two!, "narrow-1": narrow! };
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
  const nodeSocket = (node: string, family: 4 | 6) => {
    const socket = new PacketSocket(context.lab.netnsOfNode(node).pid, family);
    open.push(socket);
    return socket;
  };
  /** A ping behind the packets shows that they have arrived, or will not. */
  const settled = (from: string, to: string) => sh(context.lab, from, `ping -c 1 -W 5 ${to}`);

  for (const { family, of } of FAMILIES) {
    for (const [to, hops] of [
      ["wide-2", 1],
      ["narrow-1", 2],
    ] as const) {
      it(`IPv${family}: an SCTP association from wide-1 to ${to}, byte for byte`, async () => {
        const [client, server] = [await socketOf("wide-1", family), await socketOf(to, family)];
        const [own, peer] = [of(pods["wide-1"]), of(pods[to])];
        const exchange = [
          { tag: 0, chunk: chunk(sctp.Chunk.Init, 0, numbers(0x1111, 65536, (10 << 16) | 10, 1)) },
          {
            tag: 0x1111,
            isReply: true,
            chunk: chunk(
              sctp.Chunk.InitAck,
              0,
              numbers(0x2222, 65536, (10 << 16) | 10, 1, (7 << 16) | 8, 0xc00c1e),
            ),
          },
          { tag: 0x2222, chunk: chunk(sctp.Chunk.CookieEcho, 0, numbers(0xc00c1e)) },
          { tag: 0x1111, isReply: true, chunk: chunk(sctp.Chunk.CookieAck, 0, new Uint8Array(0)) },
          {
            tag: 0x2222,
            chunk: chunk(
              sctp.Chunk.Data,
              3,
              Buffer.concat([numbers(1, 0, 0), Buffer.from("a message of twenty-five.")]),
            ),
          },
          { tag: 0x1111, isReply: true, chunk: chunk(sctp.Chunk.Sack, 0, numbers(1, 65536, 0)) },
          { tag: 0x2222, chunk: chunk(sctp.Chunk.Abort, 0, new Uint8Array(0)) },
        ];
        for (const { tag, chunk: content, isReply } of exchange) {
          const [source, destination] = isReply ? [peer, own] : [own, peer];
          const [from, at] = isReply ? [server, client] : [client, server];
          const ports: [number, number] = isReply ? [3868, 40_000] : [40_000, 3868];
          const payload = sctpPacket(ports, tag, content);
          from.send({ source, destination, protocol: Protocol.Sctp, payload });
          await settled(isReply ? to : "wide-1", destination);
          const [arrived, ...more] = at.arrived().filter(each => each.protocol === Protocol.Sctp);
          assert.equal(more.length, 0);
          assert.deepEqual(
            [arrived?.source, arrived?.destination, arrived?.ttl],
            [source, destination, 64 - hops],
          );
          assert.deepEqual(Buffer.from(arrived!.payload), Buffer.from(payload));
          const bytes = arrived!.payload.slice();
          assert.equal(
            sctp.checksumFits(new DataView(bytes.buffer), bytes, 0, bytes.length),
            Fit.Ok,
            "CRC32c",
          );
        }
        const flows = (await flowsOf(context.lab, "wide")).filter(
          flow => flow.protocol === Protocol.Sctp && flow.destination === peer,
        );
        assert.ok(flows.some(flow => flow.event === "started" && flow.destinationPort === 3868));
      });
    }

    it(`IPv${family}: traffic class and ECN arrive as they were sent, and the outer packet says the ECN`, async () => {
      const [sender, receiver] = [await socketOf("wide-1", family), await socketOf("narrow-1", family)];
      const underlay = nodeSocket("narrow", 4);
      const classes = [0x00, 0x01, 0x02, 0x03, 0xb8, 0xba];
      for (const [index, tos] of classes.entries()) {
        const packet: IpPacket = {
          source: of(pods["wide-1"]),
          destination: of(pods["narrow-1"]),
          protocol: Protocol.Udp,
          payload: udpDatagram(5000, 6000 + index, new Uint8Array(100)),
          tos,
          ttl: 33,
        };
        underlay.arrived();
        sender.send(packet);
        await settled("wide-1", of(pods["narrow-1"]));
        const seen = receiver.arrived().filter(({ protocol, payload }) => {
          const isUdp = protocol === Protocol.Udp;
          return (
            isUdp && udp.destinationPort(new DataView(payload.buffer, payload.byteOffset), 0) === 6000 + index
          );
        });
        assert.deepEqual(
          seen.map(each => [each.tos, each.ttl]),
          [[tos, 31]],
        );
        const outer = underlay.arrived().filter(({ payload }) => payload.length > 150)[0];
        assert.equal(outer!.tos & 3, tos & 3);
      }
    });

    for (const [from, to] of [
      ["wide-1", "wide-2"],
      ["wide-1", "narrow-1"],
      ["narrow-1", "wide-1"],
    ] as const) {
      it(`IPv${family}: a datagram of ${LARGE_BYTES} bytes from ${from} to ${to}, in fragments`, async () => {
        const bytes = Buffer.from(Array.from({ length: LARGE_BYTES }, (_, i) => (i * 31 + (i >> 8)) & 255));
        const digest = createHash("sha256").update(bytes).digest("hex");
        const answer = await sh(context.lab, from, `${process.execPath} -e '${asker(of(pods[to]), family)}'`);
        assert.equal(answer, `${of(pods[from])} ${LARGE_BYTES} ${digest}`);
      });
    }
  }

  for (const { family, of } of FAMILIES) {
    it(`IPv${family}: datagrams, pings and errors find the way out of the cluster, and back`, async () => {
      const outside = await context.lab.attachOutside(`outside-${family}`);
      const capture = new PacketSocket(outside.holder.pid, family);
      try {
        const isOurs = (address: string) => address.includes(":") === (family === 6);
        const destination = outside.addresses.find(isOurs)!;
        const node = context.lab.topology.nodes.find(({ name }) => name === "wide")!;
        // Over IPv6 the first answer may only teach the outside host that the way in is narrower.
        await sh(context.lab, "wide-1", `ping -c 3 -i 0.1 -w 5 -s 8000 ${destination}`);
        const refused = await context.lab.exec("wide-1", [
          "/agnhost",
          "connect",
          `${family === 6 ? `[${destination}]` : destination}:81`,
          "--protocol=udp",
          "--timeout=5s",
        ]);
        assert.match(refused.stderr, /^REFUSED/);
        const arrived = capture.arrived().filter(each => each.destination === destination);
        const datagrams = arrived.filter(({ protocol }) => protocol === Protocol.Udp);
        assert.deepEqual(
          datagrams.map(({ source }) => source),
          [node.addresses.find(isOurs)],
        );
        assert.ok(arrived.every(({ source }) => source !== of(pods["wide-1"])));
      } finally {
        capture.close();
        outside.close();
      }
    });
  }

  it("IPv4: fragments without DF that are larger than the path are fragmented again", async () => {
    const [sender, receiver] = [await socketOf("wide-1", 4), await socketOf("narrow-1", 4)];
    sender.send({
      source: ipv4Of(pods["wide-1"]),
      destination: ipv4Of(pods["narrow-1"]),
      protocol: Protocol.Udp,
      payload: udpDatagram(5001, 5001, new Uint8Array(1400)),
    });
    await settled("wide-1", ipv4Of(pods["narrow-1"]));
    const parts = receiver.arrived().filter(({ protocol }) => protocol === Protocol.Udp);
    assert.deepEqual(
      parts.map(({ payload }) => payload.length),
      [1328, 80],
    );
  });
});

/** Sends a datagram until it is answered: the first one over IPv6 may only teach the path's MTU. */
function asker(address: string, family: 4 | 6): string {
  return `
    const bytes = Buffer.from(Array.from({ length: ${LARGE_BYTES} }, (_, i) => (i * 31 + (i >> 8)) & 255));
    const socket = require("dgram").createSocket("udp${family}");
    const send = () => socket.send(bytes, 7000, "${address}");
    socket.on("message", text => { console.log(String(text)); process.exit(0); });
    setTimeout(() => process.exit(1), 5000);
    setInterval(send, 200);
    send();`;
}

/** Words of 32 bits, in network order. */
function numbers(...words: number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word);
  return bytes;
}

/** Padded to a multiple of four, which its length does not count (RFC 9260 §3.2). */
function chunk(type: number, flags: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + Math.ceil(value.length / 4) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint8(1, flags);
  view.setUint16(2, 4 + value.length);
  bytes.set(value, 4);
  return bytes;
}

function sctpPacket([source, destination]: [number, number], tag: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(sctp.HEADER_BYTES + content.length);
  const view = new DataView(bytes.buffer);
  sctp.setSourcePort(view, 0, source);
  sctp.setDestinationPort(view, 0, destination);
  view.setUint32(4, tag);
  bytes.set(content, sctp.HEADER_BYTES);
  sctp.complete(view, bytes, 0, bytes.length);
  return bytes;
}
