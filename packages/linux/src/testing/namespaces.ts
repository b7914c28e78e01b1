/** Real network namespaces for tests: each held by a child process that dies with the test, whatever happens to it. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeNamespace, openNamespace } from "../namespace.ts";
import { withRtnetlink } from "../rtnetlink.ts";

export interface TestNamespace {
  readonly pid: number;
  /** Descriptor of the network namespace. */
  readonly fd: number;
  close(): Promise<void>;
}

/**
 * A namespace of its own with `lo` up. The holder reads a pipe from this process: when this process is gone, even
 * by SIGKILL, the pipe ends, and so do the holder and the namespace.
 */
export async function openTestNamespace(): Promise<TestNamespace> {
  const holder = spawn("unshare", ["--net", "--", "sh", "-c", "echo ready; read -r line"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  const fd = openNamespace(holder.pid!);
  withRtnetlink(fd, network => network.setLink("lo", { up: true }));
  return { pid: holder.pid!, fd, close: () => close(holder, fd) };
}

async function close(holder: ChildProcess, fd: number): Promise<void> {
  closeNamespace(fd);
  const ended = once(holder, "exit");
  holder.stdin!.end();
  await ended;
}

/** Runs a program inside the namespace; resolves with its output, rejects with its error output. */
export async function runIn(namespace: TestNamespace, command: string, ...args: string[]): Promise<string> {
  const child = spawn("nsenter", ["-t", String(namespace.pid), "--net", "--", command, ...args]);
  let out = "";
  let err = "";
  child.stdout.on("data", chunk => (out += chunk));
  child.stderr.on("data", chunk => (err += chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${code}: ${out}${err}`);
  return out;
}
