#!/usr/bin/env node
/**
 * `/agnhost` in a container: the program behind the built-in image of that name. Only the subcommand that is
 * asked for is loaded.
 */
import { UsageError } from "./flags.ts";

const SUBCOMMANDS: Record<string, () => Promise<{ main(argv: readonly string[]): Promise<void> }>> = {
  connect: () => import("./connect.ts"),
  netexec: () => import("./netexec/netexec.ts"),
  pause: () => import("./pause.ts"),
  porter: () => import("./porter.ts"),
  probe: () => import("./probe/probe.ts"),
  "probe-serve": () => import("./probe/probe-serve.ts"),
  "serve-hostname": () => import("./serve-hostname.ts"),
  "test-webserver": () => import("./test-webserver.ts"),
};

const [name, ...argv] = process.argv.slice(2);
const usage = `Usage: agnhost COMMAND [flags]\n\nCommands: ${Object.keys(SUBCOMMANDS).join(", ")}\n`;

if (name === undefined || name === "help" || name === "--help" || name === "-h") {
  process.stdout.write(usage);
} else if (!Object.hasOwn(SUBCOMMANDS, name)) {
  process.stderr.write(`Error: unknown command "${name}" for "agnhost"\n${usage}`);
  process.exitCode = 1;
} else {
  try {
    await (await SUBCOMMANDS[name]!()).main(argv);
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    process.stderr.write(`Error: ${cause.message}\n`);
    process.exitCode = 1;
  }
}
