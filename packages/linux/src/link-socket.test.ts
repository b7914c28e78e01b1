import assert from "node:assert/strict";
import { arp, Fit, ndp } from "@podwire/wire";
import { POLL, pollFd } from "./fd.ts";
import { LinkSocket } from "./link-socket.ts";
import { nativeMemory } from "./memory.ts";
import { withRtnetlink } from "./rtnetlink.ts";
import { Socket } from "./socket.ts";
import { openTestNamespace, type TestNamespace } from "./testing/namespaces.ts";

/** Our end of a link answers for addresses that no kernel has; the kernel at the other end believes it. */
describe("link socket", () => {
  let asker: TestNamespace;
  let answerer: TestNamespace;
  const memory = nativeMemory(2048);
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 10);

  before(async () => {
    [asker, answerer] = await Promise.all([openTestNamespace(), openTestNamespace()]);
    withRtnetlink(asker.fd, network => {
      network.createVeth({ name: "eth0", peerName: "eth0", peerNamespace: answerer.fd });
      network.setLink("eth0", { up: true });
      for (const address of ["192.0.2.2/24", "fd00::2/64"]) network.addAddress("eth0", address);
    });
    withRtnetlink(answerer.fd, network => network.setLink("eth0", { up: true }));
  });
  after(() => Promise.all([asker.close(), answerer.close()]));

  function send(to: string): void {
    const socket = Socket.open({ family: to.includes(":") ? 6 : 4, type: "udp", namespace: asker.fd });
    socket.sendTo(memory, 0, 9, to, 9);
    socket.close();
  }

  function next(socket: LinkSocket): Uint8Array {
    assert.notEqual(pollFd(socket.fd, POLL.in, 5000), 0);
    const bytes = socket.receive(memory);
    assert.ok(bytes > 0);
    return memory.u8.slice(0, bytes);
  }

  it("hears who asks for an IPv4 address, and tells where it is", () => {
    const questions = new LinkSocket({ device: "eth0", etherType: 0x0806, namespace: answerer.fd });
    const packets = new LinkSocket({ device: "eth0", etherType: 0x0800, namespace: answerer.fd });
    try {
      send("192.0.2.77");
      const frame = next(questions);
      assert.equal(arp.fits(new DataView(frame.buffer), 0, frame.length), Fit.Ok);
      const part = (at: number, length: number) => frame.slice(at, at + length);
      const answer = arp.reply(
        mac,
        part(arp.targetAddressAt(0), 4),
        part(arp.senderMacAt(0), 6),
        part(arp.senderAddressAt(0), 4),
      );
      assert.ok(questions.send(answer));
      assert.deepEqual(next(packets).slice(0, 6), mac);
      const other = Uint8Array.of(2, 0, 0, 0, 0, 11);
      questions.send(arp.announcement(other, Uint8Array.of(192, 0, 2, 77)));
      send("192.0.2.77");
      assert.deepEqual(next(packets).slice(0, 6), other);
    } finally {
      questions.close();
      packets.close();
    }
  });

  it("hears who asks for an IPv6 address, and nothing else", () => {
    const only = [
      { at: 20, value: 58 },
      { at: 54, value: 135 },
    ];
    const questions = new LinkSocket({ device: "eth0", etherType: 0x86dd, only, namespace: answerer.fd });
    const packets = new LinkSocket({
      device: "eth0",
      etherType: 0x86dd,
      only: [{ at: 20, value: 17 }],
      namespace: answerer.fd,
    });
    try {
      send("fd00::77");
      for (;;) {
        const frame = next(questions);
        assert.equal(ndp.isSolicitation(new DataView(frame.buffer), 0, frame.length), Fit.Ok);
        const part = (at: number, length: number) => frame.slice(at, at + length);
        const target = part(ndp.targetAt(0), 16);
        if (target[15] !== 0x77) continue;
        questions.send(ndp.advertisement(mac, target, part(6, 6), part(ndp.sourceAt(0), 16)));
        break;
      }
      assert.deepEqual(next(packets).slice(0, 6), mac);
      const other = Uint8Array.of(2, 0, 0, 0, 0, 11);
      questions.send(ndp.announcement(other, Uint8Array.of(0xfd, ...new Uint8Array(14), 0x77)));
      send("fd00::77");
      assert.deepEqual(next(packets).slice(0, 6), other);
    } finally {
      questions.close();
      packets.close();
    }
  });
});
