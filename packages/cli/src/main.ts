#!/usr/bin/env node
/** Entry of the `podwire` command. */
import { EXIT } from "./errors.ts";
import { runCommandLine } from "./program.ts";

// `podwire get pods | head -1`: a reader that went away has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.failed);
});

// Nobody hears what is said on the way: the supervisor of a lab goes on when the `up` that started it has left.
process.stderr.on("error", () => {});

// Commands that have something to undo listen themselves.
process.on("SIGINT", () => {
  if (process.listenerCount("SIGINT") === 1) process.exit(EXIT.interrupted);
});

const code = await runCommandLine(process.argv.slice(2));
// Writes to a pipe are asynchronous: everything printed must be out before the process ends, and it must end
// although connections to the API server are kept alive.
await new Promise<void>(resolve => process.stdout.write("", () => resolve()));
await new Promise<void>(resolve => process.stderr.write("", () => resolve()));
process.exit(code);
