import assert from "node:assert/strict";
import { createArena } from "@podwire/dataplane";
import { addressOf, nativeMemory, writeWord64 } from "./memory.ts";
import { Socket } from "./socket.ts";
import { writeSocketAddress } from "./socket-address.ts";
import { sendSegments } from "./underlay-segments.ts";

describe("sending segments one by one", () => {
  it("cuts the gathered bytes where UDP_SEGMENT would", () => {
    const arena = createArena(65_536, addressOf);
    const receiver = Socket.open({ family: 4, type: "udp", nonBlocking: true });
    const sender = Socket.open({ family: 4, type: "udp" });
    receiver.bind("127.0.0.1", 0);
    for (let i = 0; i < 1000; i++) arena.u8[4096 + i] = i;
    let iovec = 0;
    for (let at = 0, part = 1; at < 1000; at += part, part += 37) {
      writeWord64(arena.u32, iovec, arena.address + 4096 + at);
      writeWord64(arena.u32, iovec + 8, Math.min(part + 37, 1000 - at));
      if (at + part + 37 >= 1000) writeWord64(arena.u32, iovec + 8, 1000 - at);
      else writeWord64(arena.u32, iovec + 8, part);
      iovec += 16;
    }
    const name = nativeMemory(32);
    const nameBytes = writeSocketAddress(name.u8, 0, "127.0.0.1", receiver.local().port);
    assert.equal(sendSegments(sender.fd, arena, 0, 1000, 300, name.address, nameBytes), 0);
    const memory = nativeMemory(2000);
    const seen: number[] = [];
    for (const length of [300, 300, 300, 100]) {
      assert.equal(receiver.receive(memory, 0, 2000), length);
      seen.push(...memory.u8.subarray(0, length));
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 1000 }, (_, i) => i & 0xff),
    );
    receiver.close();
    sender.close();
  });
});
