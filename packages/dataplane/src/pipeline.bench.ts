/**
 * What a packet of an established flow costs in JavaScript: over a PacketIo that costs next to nothing itself.
 *
 *     node packages/dataplane/dist/pipeline.bench.js
 *
 * Small: 64 bytes of UDP, ns a packet. 64 KB: a TCP super-packet of 44 to 46 segments, ns a super-packet. Best of
 * seven rounds; the copy that stands in for the kernel's is in it.
 */
import { Replay, replayCases } from "./testing/replay.ts";

const ROUNDS = 7;

for (const name of replayCases) {
  const replay = new Replay(name);
  const isSuper = name.startsWith("64 KB");
  const isMerged = isSuper && name.includes("underlay to TUN");
  const packets = isSuper ? (isMerged ? 44 * 3200 : 3_200) : 200_000;
  replay.run(packets);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    replay.run(packets);
    best = Math.min(best, performance.now() - before);
  }
  const drops = replay.counters.droppedInAll();
  const each = (best * 1e6) / (isMerged ? packets / 44 : packets);
  console.log(`${name.padEnd(52)} ${each.toFixed(0).padStart(8)} ns${drops > 0 ? `  ${drops} dropped` : ""}`);
}
