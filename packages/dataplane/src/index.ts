export { type ArenaLayout, layoutArena, PIPELINE_ARENA_BYTES } from "./arena-layout.ts";
export { limits } from "./limits.ts";
export { MEMORY_IO_SCRATCH_BYTES, MemoryIo, MemoryNetwork, type Message } from "./memory-io.ts";
export { createArena } from "./offload/index.ts";
export { Pipeline, type PipelineOptions } from "./pipeline.ts";
export * from "./ports.ts";
