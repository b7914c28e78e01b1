/**
 * What splitting and merging one 64 KB super-packet costs, and what a checksum does.
 *
 *     node packages/dataplane/dist/offload/offload.bench.js
 */
import { createArena } from "./arena.ts";
import { createChecksumKernel } from "./checksum-kernel.ts";
import { sumWords } from "./checksum-twin.ts";
import {
  fillRandom,
  headerBytes,
  type PacketShape,
  writePacket,
  writeSuperPacket,
  writeTemplate,
} from "./fixtures.ts";
import { Merger } from "./merge.ts";
import { Outbox } from "./outbox.ts";
import { Splitter } from "./split.ts";

const ROUNDS = 7;
const arena = createArena(4 << 20);
const sum = createChecksumKernel(arena);
const outbox = new Outbox(arena, {
  headersAt: 0,
  headersBytes: 1 << 17,
  iovecsAt: 1 << 17,
  iovecCapacity: 4096,
});
const splitter = new Splitter(arena, sum, outbox);
const merger = new Merger(arena, sum, { packetCapacity: 1024, iovecsAt: 1 << 18, mergeUdp: true, seed: 1 });
const PACKETS_AT = 1 << 20;
const TEMPLATE_AT = (1 << 19) + 8;
const OPTION_BYTES = 12;

fillRandom(arena.u8, PACKETS_AT, arena.u8.length, 42);
writeTemplate(arena, TEMPLATE_AT);
for (const version of [4, 6] as const) {
  const segment = version === 4 ? 1398 : 1378;
  const shape = { version, protocol: "tcp", optionBytes: OPTION_BYTES, payloadBytes: 46 * segment } as const;
  benchSplit(shape, segment, false);
  benchSplit(shape, segment, true);
  benchMerge({ ...shape, payloadBytes: segment }, 45, false);
  benchMerge({ ...shape, payloadBytes: segment }, 45, true);
}
const datagrams = { version: 4, protocol: "udp", payloadBytes: 44 * 1400 } as const;
benchSplit(datagrams, 1400, true);
benchMerge({ ...datagrams, payloadBytes: 1400 }, 44, true);
benchSingles();
for (const bytes of [64, 1400, 65_000]) {
  time(`checksum, SIMD kernel, ${bytes} B`, 2_000_000 / (bytes + 100), () => sum(PACKETS_AT + 2, bytes));
  time(`checksum, word loop, ${bytes} B`, 2_000_000 / (bytes + 100), () =>
    sumWords(arena.view, PACKETS_AT + 2, bytes),
  );
}

function benchSplit(shape: PacketShape, segment: number, remoteChecksum: boolean): void {
  const end = writeSuperPacket(arena, PACKETS_AT, shape, segment);
  const mode = remoteChecksum ? "remote checksum" : "complete checksums";
  time(`split ${end - PACKETS_AT} B, IPv${shape.version} ${shape.protocol}, ${mode}`, 5_000, () => {
    splitter.send(1, 0, PACKETS_AT, end, TEMPLATE_AT, 1450, remoteChecksum);
    outbox.reset();
  });
}

function benchMerge(shape: PacketShape, segments: number, isPartial: boolean): void {
  const stride = 1500;
  const starts = new Int32Array(segments);
  const ends = new Int32Array(segments);
  const transport = shape.protocol === "tcp" ? 16 << 8 : 6 << 8;
  const partial = isPartial ? transport | (shape.version === 4 ? 20 : 40) : 0;
  const write = (i: number) => {
    starts[i] = PACKETS_AT + i * stride;
    const sequence = 1 + i * shape.payloadBytes;
    ends[i] = writePacket(arena, starts[i]!, { ...shape, identification: i, sequence });
  };
  for (let i = 0; i < segments; i++) write(i);
  // Merging rewrites the first header, so every run puts those bytes back.
  const first = arena.u8.slice(starts[0]!, starts[0]! + headerBytes(shape));
  const mode = isPartial ? "vouched for" : "checksums verified";
  time(`merge ${segments} segments, IPv${shape.version} ${shape.protocol}, ${mode}`, 5_000, () => {
    arena.u8.set(first, starts[0]!);
    for (let i = 0; i < segments; i++) merger.add(3, starts[i]!, ends[i]!, partial);
    if (merger.count !== 1) throw new Error(`${merger.count} items`);
    merger.emit(0);
    merger.reset();
  });
}

function benchSingles(): void {
  const shape = { version: 4, protocol: "udp", payloadBytes: 64 } as const;
  const end = writePacket(arena, PACKETS_AT, shape);
  time("send one 64-byte datagram", 5_000, () => {
    arena.view.setUint32(PACKETS_AT - 10, 0);
    if (splitter.send(1, 0, PACKETS_AT, end, TEMPLATE_AT, 1450, true) < 0) throw new Error("rejected");
    if (outbox.messageCount === 2) outbox.reset();
  });
}

/** Prints the median of some rounds, in ns a run. */
function time(name: string, runs: number, run: () => void): void {
  const results: number[] = [];
  for (let i = 0; i < runs; i++) run();
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    for (let i = 0; i < runs; i++) run();
    results.push(((performance.now() - begin) * 1e6) / runs);
  }
  results.sort((a, b) => a - b);
  console.log(`${name.padEnd(60)} ${results[ROUNDS >> 1]!.toFixed(0).padStart(7)} ns`);
}
