/**
 * Hosts outside of the cluster, on the same underlay: what tests use as "the internet", as a node that Podwire
 * does not run, or as an attacker.
 */
import { spawn } from "node:child_process";
import { LinuxError } from "@podwire/linux";
import { spawnHolder } from "@podwire/runtime";
import { LabError } from "../errors.ts";
import { MAX_EXEC_OUTPUT_BYTES, MAX_OUTSIDE_HOSTS } from "../limits.ts";
import type { LabPaths } from "../state/directory.ts";
import { signal } from "../state/identity.ts";
import type { HostState, LabState } from "../state/state.ts";
import { outsideAddresses } from "./addresses.ts";
import { connect, disconnect, hostState, outsidePort } from "./underlay.ts";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface OutsideHost extends HostState {
  /** Runs a command in the host's network namespace. */
  exec(command: string, ...args: string[]): Promise<CommandResult>;
  /** Unplugs the host and ends what holds its namespace. */
  close(): void;
}

/** Attaches a host called `name` with the next free addresses of the underlay. */
export async function attachOutside(
  state: Pick<LabState, "config" | "underlay">,
  paths: LabPaths,
  name: string,
): Promise<OutsideHost> {
  const holder = await spawnHolder({ labDir: paths.directory, what: `outside/${name}`, net: true });
  for (let index = 0; index < MAX_OUTSIDE_HOSTS; index++) {
    const host = hostState(name, holder, outsideAddresses(state.config, index));
    const port = outsidePort(index);
    try {
      connect(state.config, state.underlay, host, port, state.config.underlayMtu);
    } catch (error) {
      if (error instanceof LinuxError && error.code === "EEXIST") continue;
      signal(holder, "SIGKILL");
      throw error;
    }
    return {
      ...host,
      exec: (command, ...args) => runIn(holder.pid, command, args),
      close: () => {
        disconnect(state.underlay, port);
        signal(holder, "SIGKILL");
      },
    };
  }
  signal(holder, "SIGKILL");
  throw new LabError(
    `outside host ${name}: the underlay has ${MAX_OUTSIDE_HOSTS} of them already: close one before attaching another`,
  );
}

/** Runs a command in the network namespace of process `pid`; output is kept up to a bound. */
export function runIn(pid: number, command: string, args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, "--", command, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const collect = (chunks: Buffer[]) => {
      let bytes = 0;
      return (chunk: Buffer) => {
        if (bytes < MAX_EXEC_OUTPUT_BYTES) chunks.push(chunk);
        bytes += chunk.length;
      };
    };
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", collect(stdout));
    child.stderr.on("data", collect(stderr));
    child.once("error", reject);
    child.once("close", (code, by) =>
      resolve({
        code: code ?? 128 + (by === "SIGKILL" ? 9 : 15),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
}
