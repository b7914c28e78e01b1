/**
 * `up --detach`: the command starts itself again as the lab's supervisor in the background, hears from it over a
 * pipe on descriptor 3 (a line of JSON each), and returns when the lab is Ready. Both ends are here.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, closeSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import {
  type Lab,
  type LabConfig,
  labPaths,
  memberEnvironment,
  podwireProgram,
  startLab,
} from "@podwire/lab";
import { CommandError, EXIT, ExitWith, endingOf } from "../errors.ts";

interface Order {
  readonly config: LabConfig;
  readonly waitTimeoutMs: number | undefined;
}

type Report =
  | { readonly step: string }
  | { readonly ready: { readonly apiUrl: string } }
  | { readonly failed: { readonly message: string; readonly exitCode: number } };

const REPORT_FD = 3;

/** The end of what a supervisor that dies says. */
const MAX_COMPLAINT = 4096;

/** Resolves with the API's address when the lab is Ready and on its own. */
export async function startInBackground(
  order: Order,
  signal: AbortSignal,
  onStep: (step: string) => void,
): Promise<string> {
  const program = podwireProgram();
  const child = spawn(program.command, [...program.arguments, "up", "--supervise", order.config.name], {
    cwd: "/",
    detached: true,
    env: memberEnvironment(labPaths(order.config.name).directory, "host"),
    stdio: ["pipe", "ignore", "pipe", "pipe"],
  });
  // One that dies at once reads no order; what it wrote says why.
  child.stdin!.on("error", () => {});
  const interrupt = () => child.kill("SIGTERM");
  signal.addEventListener("abort", interrupt);
  try {
    child.stdin!.end(JSON.stringify(order));
    return await readReports(child, onStep);
  } finally {
    signal.removeEventListener("abort", interrupt);
    child.stdio[REPORT_FD]?.destroy();
    child.stderr!.destroy();
    child.unref();
  }
}

async function readReports(child: ChildProcess, onStep: (step: string) => void): Promise<string> {
  let complaint = "";
  child.stderr!.setEncoding("utf8").on("data", (bytes: string) => {
    complaint = (complaint + bytes).slice(-MAX_COMPLAINT);
  });
  const ended = new Promise<string>(resolve => {
    child.once("error", error => resolve(error.message));
    child.once("close", (code, signal) => resolve(signal ? `killed by ${signal}` : `exit code ${code}`));
  });
  for await (const line of createInterface({ input: child.stdio[REPORT_FD] as Readable })) {
    const report = JSON.parse(line) as Report;
    if ("step" in report) onStep(report.step);
    else if ("ready" in report) return report.ready.apiUrl;
    else throw new CommandError(report.failed.message, report.failed.exitCode);
  }
  const how = await ended;
  throw new CommandError(
    `the supervisor of the lab died while it was starting (${how}): remove what it left with podwire down, then try again\n${complaint.trimEnd()}`.trimEnd(),
  );
}

/** The other end: supervises until the lab is taken down. */
export async function superviseInBackground(): Promise<void> {
  const order = JSON.parse(await text(process.stdin)) as Order;
  const abort = new AbortController();
  // The terminal that it was started from may close.
  process.on("SIGHUP", () => {});
  let lab: Lab | undefined;
  const stop = () => (lab ? void lab.down().catch(() => {}) : abort.abort());
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  try {
    lab = await startLab(order.config, {
      signal: abort.signal,
      ...(order.waitTimeoutMs === undefined ? {} : { waitTimeoutMs: order.waitTimeoutMs }),
      listen: starting => {
        starting.events.on("step", step => report({ step }));
        keepDiary(starting);
      },
    });
  } catch (error) {
    const { message, exitCode } = endingOf(error);
    report({ failed: { message, exitCode } });
    throw new ExitWith(EXIT.failed);
  }
  report({ ready: { apiUrl: lab.apiUrl } });
  closeSync(REPORT_FD);
  reporting = false;
  await lab.ended;
}

let reporting = true;

function report(message: Report): void {
  if (!reporting) return;
  try {
    writeSync(REPORT_FD, `${JSON.stringify(message)}\n`);
  } catch {
    // Nobody listens any more; the lab goes on.
    reporting = false;
  }
}

/** What `up` in the foreground prints goes to logs/supervisor.log. */
function keepDiary(lab: Lab): void {
  const write = (line: string) => {
    try {
      appendFileSync(lab.paths.log("supervisor"), `${new Date().toISOString()} ${line}\n`);
    } catch {
      // The lab is being removed.
    }
  };
  process.on("uncaughtExceptionMonitor", error => write(`died: ${error.stack}`));
  lab.events.on("died", (daemon, how, delayMs) =>
    write(`${daemon} died (${how}); starting it again in ${delayMs} ms`),
  );
  lab.events.on("restarted", daemon => write(`${daemon} serves again`));
  lab.events.on("trouble", write);
}
