/** The podwire command, for those who run it inside their own process. */
export { runCommandLine } from "./program.ts";
