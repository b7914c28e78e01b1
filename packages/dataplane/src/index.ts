export { type ArenaLayout, layoutArena, PIPELINE_ARENA_BYTES } from "./arena-layout.ts";
export { limits } from "./limits.ts";
export { createArena } from "./offload/index.ts";
export { Pipeline, type PipelineOptions } from "./pipeline.ts";
export * from "./ports.ts";
