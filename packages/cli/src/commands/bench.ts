/** `podwire bench`: numbers on stdout as a table or JSON, a chart into a file. */
import { writeFileSync } from "node:fs";
import {
  benchApi,
  benchDns,
  benchLab,
  benchOverlay,
  benchServices,
  labTable,
  overlayChart,
  overlayTable,
  reportJson,
} from "@podwire/bench";
import { EXIT, ExitWith, UsageError } from "../errors.ts";
import { Progress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface BenchOverlayCommandOptions {
  readonly output?: "json" | "table";
  readonly case?: readonly string[];
  readonly rounds?: number;
  /** Seconds. */
  readonly duration?: number;
  readonly chart?: string;
  readonly withIperf3?: boolean;
}

export async function runBenchOverlay(
  options: BenchOverlayCommandOptions,
  terminal: Terminal,
): Promise<void> {
  if (options.chart !== undefined && !/\.(svg|html)$/.test(options.chart)) {
    throw new UsageError(`--chart ${options.chart}: must end in .svg or .html`);
  }
  let failures = 0;
  await measure(terminal, async (signal, onProgress) => {
    const report = await benchOverlay({
      ...(options.case ? { cases: [...options.case] } : {}),
      ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
      ...(options.duration === undefined ? {} : { durationSeconds: options.duration }),
      ...(options.withIperf3 ? { withIperf3: true } : {}),
      signal,
      onProgress,
    });
    if (options.chart !== undefined)
      writeFileSync(options.chart, chartFile(options.chart, overlayChart(report)));
    failures = report.cases.filter(each => each.failures.length > 0).length;
    return options.output === "json" ? reportJson(report) : `${overlayTable(report).trimEnd()}\n`;
  });
  if (failures > 0) throw new ExitWith(EXIT.failed);
}

export async function runBenchApi(options: BenchLabCommandOptions, terminal: Terminal): Promise<void> {
  await measure(terminal, async (signal, onProgress) => {
    const report = await benchApi({ signal, onProgress });
    return options.output === "json" ? reportJson(report) : `${labTable(report).trimEnd()}\n`;
  });
}

export async function runBenchServices(options: BenchLabCommandOptions, terminal: Terminal): Promise<void> {
  await measure(terminal, async (signal, onProgress) => {
    const report = await benchServices({ signal, onProgress });
    return options.output === "json" ? reportJson(report) : `${labTable(report).trimEnd()}\n`;
  });
}

export async function runBenchDns(options: BenchLabCommandOptions, terminal: Terminal): Promise<void> {
  await measure(terminal, async (signal, onProgress) => {
    const report = await benchDns({ signal, onProgress });
    return options.output === "json" ? reportJson(report) : `${labTable(report).trimEnd()}\n`;
  });
}

export interface BenchLabCommandOptions {
  readonly output?: "json" | "table";
}

export async function runBenchLab(options: BenchLabCommandOptions, terminal: Terminal): Promise<void> {
  await measure(terminal, async (signal, onProgress) => {
    const report = await benchLab({ signal, onProgress });
    return options.output === "json" ? reportJson(report) : `${labTable(report).trimEnd()}\n`;
  });
}

/** Ctrl-C ends a measurement in good order: what it made is removed first. */
async function measure(
  terminal: Terminal,
  run: (signal: AbortSignal, onProgress: (line: string) => void) => Promise<string>,
): Promise<void> {
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const progress = new Progress(terminal);
  try {
    const text = await run(abort.signal, line => progress.step(line));
    progress.end();
    terminal.stdout.write(text);
  } catch (error) {
    if (abort.signal.aborted) throw new ExitWith(EXIT.interrupted);
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  } finally {
    progress.end();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

function chartFile(name: string, svg: string): string {
  return name.endsWith(".svg")
    ? svg
    : `<!doctype html>\n<meta charset="utf-8">\n<title>podwire bench overlay</title>\n${svg}\n`;
}
