#!/usr/bin/env node
/**
 * The traffic generator: a program of its own, started in a pod's network namespace with one task as JSON.
 * Its loops are synchronous on blocking sockets, so that what is measured is the network and not an event
 * loop; it ends with its task, and a server when it is killed.
 */
import { writeSync } from "node:fs";
import { runAcceptor, runConnector } from "./connections.ts";
import { type GeneratorTask, READY } from "./contract.ts";
import { runDatagramSink, runDatagramSource } from "./datagram.ts";
import { runEcho, runPing } from "./round-trip.ts";
import { runSink, runSource } from "./stream.ts";

const STANDARD_OUTPUT = 1;

/** At once and whole: the loops never return to the event loop, which would otherwise write it. */
function print(line: string): void {
  writeSync(STANDARD_OUTPUT, `${line}\n`);
}

async function perform(task: GeneratorTask): Promise<unknown> {
  const onListening = () => print(READY);
  switch (task.role) {
    case "stream-sink":
      return runSink(task, onListening);
    case "stream-source":
      return runSource(task) ?? {};
    case "echo":
      return runEcho(task, onListening);
    case "ping":
      return runPing(task);
    case "acceptor":
      return runAcceptor(task, onListening);
    case "connector":
      return runConnector(task);
    case "datagram-sink":
      return runDatagramSink(task, onListening);
    case "datagram-source":
      return await runDatagramSource(task);
  }
}

const task = JSON.parse(process.argv[2] ?? "{}") as GeneratorTask;
try {
  print(JSON.stringify(await perform(task)));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
