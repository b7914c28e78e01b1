/** The built-in test image. `main.ts` is its program; here is what those who talk to it need to know. */
export type { ProbeResult, ProbeServer, ProbeTarget } from "./probe/protocol.ts";
