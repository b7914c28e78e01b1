export * from "./node-streams.ts";
export * from "./registry/registry.ts";
