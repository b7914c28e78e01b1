/**
 * The data plane: `Pipeline` over a `PacketIo`. The pipeline's story is in pipeline.ts, the ports' in ports.ts.
 *
 *     const layout = layoutArena(start);
 *     const arena = createArena(layout.end, addressOf);
 *     const pipeline = new Pipeline({ io, counters, flowRecords, hashSeed, layout, mergeUdp });
 *     pipeline.publish(compile(snapshot).tables);
 *     pipeline.addPort(0, mtu);
 *     for (;;) { fromTun(port, nowMs, budget) … fromUnderlay(nowMs, budget); flush(); tick(nowMs) }
 */
export { type ArenaLayout, layoutArena, PIPELINE_ARENA_BYTES } from "./arena-layout.ts";
export { flowMemoryBytes } from "./flow-memory.ts";
export { limits } from "./limits.ts";
export { MEMORY_IO_SCRATCH_BYTES, MemoryIo, MemoryNetwork, type Message } from "./memory-io.ts";
export { createArena } from "./offload/index.ts";
export { Pipeline, type PipelineOptions } from "./pipeline.ts";
export * from "./ports.ts";
