import assert from "node:assert/strict";
import { Epoll } from "./epoll.ts";
import { EventFd } from "./fd.ts";

describe("epoll", () => {
  it("reports each readable descriptor by its tag until it is drained or removed", () => {
    const epoll = new Epoll();
    const bells = [new EventFd(), new EventFd(), new EventFd()];
    for (const [i, bell] of bells.entries()) epoll.add(bell.fd, 0xffff_fff0 + i);
    const tags = () => Array.from({ length: Math.max(0, epoll.wait(0)) }, (_, i) => epoll.tag(i)).sort();
    assert.deepEqual(tags(), []);
    bells[0]!.ring();
    bells[2]!.ring();
    bells[2]!.ring();
    assert.deepEqual(tags(), [0xffff_fff0, 0xffff_fff2]);
    assert.deepEqual(tags(), [0xffff_fff0, 0xffff_fff2]);
    bells[2]!.drain();
    assert.deepEqual(tags(), [0xffff_fff0]);
    epoll.remove(bells[0]!.fd);
    assert.deepEqual(tags(), []);
    for (const bell of bells) bell.close();
    epoll.close();
  });
});
