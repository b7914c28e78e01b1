/**
 * What a lab looked like when a test over it failed: printed below the test, so that a failure that happens once in many
 * runs tells its cause the first time.
 *
 *   Pods that are not Ready, with the states of their containers | what Events warn of | the last lines of each log
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { kinds, type Pod } from "@podwire/api";
import { type Lab, quoteLog } from "@podwire/lab";

const LOG_LINES = 15;
const LAST_EVENTS = 25;

/** To be called within a `describe`. */
export function reportFailures(lab: () => Lab | undefined): void {
  afterEach(async function () {
    const current = lab();
    if (this.currentTest?.state !== "failed" || current === undefined) return;
    console.log(`      the lab at this time:\n${await report(current)}`);
  });
}

async function report(lab: Lab): Promise<string> {
  const parts = [pods, events].map(part => part(lab).catch((error: Error) => [`  ${error.message}`]));
  return [...(await Promise.all(parts)).flat(), ...logs(lab)].join("\n");
}

async function pods({ client }: Lab): Promise<string[]> {
  const { items } = await client.list(kinds.pods);
  const isWell = ({ status }: Pod) =>
    status.phase === "Succeeded" ||
    status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True");
  return items.filter(pod => !isWell(pod)).map(describe);
}

function describe({ metadata, spec, status }: Pod): string {
  const { namespace, name, deletionTimestamp } = metadata;
  const containers = (status.containerStatuses ?? []).map(({ name: container, ready, restartCount, state }) =>
    JSON.stringify({ container, ready, restartCount, state }),
  );
  const words = [spec.nodeName ?? "not bound", status.phase, ...(status.podIPs ?? []).map(({ ip }) => ip)];
  if (deletionTimestamp !== undefined) words.push(`deleted ${deletionTimestamp}`);
  return [`  Pod ${namespace}/${name}: ${words.join(", ")}`, ...containers].join("\n    ");
}

async function events({ client }: Lab): Promise<string[]> {
  const { items } = await client.list(kinds.events);
  const lines = items.map(({ metadata, involvedObject: about, type, reason, message }) => ({
    at: metadata.creationTimestamp,
    text: `  ${metadata.creationTimestamp} ${type} ${about.kind} ${about.namespace}/${about.name} ${reason}: ${message}`,
  }));
  return lines
    .sort((a, b) => (a.at! < b.at! ? -1 : 1))
    .slice(-LAST_EVENTS)
    .map(({ text }) => text);
}

function logs({ paths }: Lab): string[] {
  const files = readdirSync(paths.logs).filter(file => file.endsWith(".log"));
  return files.map(file => `  ${file}:\n${quoteLog(join(paths.logs, file), LOG_LINES)}`);
}
