/**
 * `podwire up`: lab.yaml and options -> a lab that is Ready -> (the demo) -> until Ctrl-C, `down` of another
 * terminal, or, with --detach, at once. The first Ctrl-C takes the lab down in good order, the second kills what
 * is still ending, the third gives up.
 */
import { readFileSync } from "node:fs";
import { basename, relative } from "node:path";
import { text } from "node:stream/consumers";
import type { Lab, LabConfig } from "@podwire/lab";
import { checkoutPath } from "../checkout.ts";
import { EXIT, ExitWith, UsageError } from "../errors.ts";
import { selectedName } from "../lab/select.ts";
import { formatMilliseconds } from "../terminal/duration.ts";
import { Progress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface UpOptions {
  readonly name?: string;
  readonly nodes?: number;
  readonly file?: string;
  readonly detach?: boolean;
  /** Seconds. */
  readonly waitTimeout?: number;
  readonly demo?: boolean;
  readonly supervise?: string;
}

export async function runUp(options: UpOptions, terminal: Terminal): Promise<void> {
  if (options.supervise !== undefined) {
    const { superviseInBackground } = await import("../lab/background.ts");
    return superviseInBackground();
  }
  const config = await readConfig(options);
  const waitTimeoutMs = options.waitTimeout === undefined ? undefined : options.waitTimeout * 1000;
  const run = options.detach ? upDetached : upHere;
  await run(config, waitTimeoutMs, options.demo === true, terminal);
}

async function readConfig({ name, nodes, file }: UpOptions): Promise<LabConfig> {
  const { parseLabConfig, defaultLabConfig } = await import("@podwire/lab");
  const environmentName = process.env.PODWIRE_LAB || undefined;
  const named = name ?? environmentName;
  if (named !== undefined) await selectedName({ name: named });
  if (file === undefined) return defaultLabConfig(named, nodes);
  const source = file === "-" ? "(stdin)" : file;
  return parseLabConfig(await readText(file), source, { name, nodes, defaultName: environmentName });
}

async function readText(file: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file}: ${code === "ENOENT" ? "no such file" : `cannot be read (${code})`}`);
  }
}

type Up = (config: LabConfig, waitMs: number | undefined, demo: boolean, terminal: Terminal) => Promise<void>;

const upDetached: Up = async (config, waitTimeoutMs, demo, terminal) => {
  const { startInBackground } = await import("../lab/background.ts");
  const progress = new Progress(terminal);
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const begun = performance.now();
  try {
    const apiUrl = await startInBackground({ config, waitTimeoutMs }, abort.signal, step =>
      progress.step(step),
    );
    progress.end(readyLine(config, performance.now() - begun));
    const { labPaths } = await import("@podwire/lab");
    sayWhereItRuns(config.name, apiUrl, labPaths(config.name).kubeconfig, terminal);
    if (demo && !(await runDemo(config.name, terminal))) throw new ExitWith(EXIT.failed);
  } finally {
    progress.end();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
};

const upHere: Up = async (config, waitTimeoutMs, demo, terminal) => {
  const { startLab } = await import("@podwire/lab");
  const progress = new Progress(terminal);
  const interruption = new Interruption(progress);
  const begun = performance.now();
  try {
    const lab = await startLab(config, {
      signal: interruption.signal,
      ...(waitTimeoutMs === undefined ? {} : { waitTimeoutMs }),
      listen: starting => {
        interruption.lab = starting;
        narrate(starting, progress);
      },
    });
    progress.end(readyLine(config, performance.now() - begun));
    if (demo) await demoUntilInterrupted(lab, terminal);
    if (!lab.isGoing) {
      sayWhereItRuns(config.name, lab.apiUrl, lab.paths.kubeconfig, terminal);
      terminal.stderr.write("Ctrl-C removes the lab.\n");
    }
    lab.close();
    await lab.ended;
    progress.end(`lab ${config.name} is gone`);
  } finally {
    progress.end();
    interruption.stop();
  }
  if (interruption.signal.aborted) throw new ExitWith(EXIT.interrupted);
};

/** The signals that end a lab. */
class Interruption {
  lab: Lab | undefined;
  readonly #abort = new AbortController();
  readonly #progress: Progress;
  #count = 0;

  constructor(progress: Progress) {
    this.#progress = progress;
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  stop(): void {
    for (const name of SIGNALS) process.off(name, this.#onSignal);
  }

  readonly #onSignal = () => {
    this.#count++;
    if (this.#count === 1) {
      this.#abort.abort();
      // The end is reported where it is awaited.
      this.lab?.down().catch(() => {});
    } else if (this.#count === 2) {
      this.#progress.say("killing what is still ending");
      this.lab?.force();
    } else {
      this.#progress.end("gave up; podwire down removes the rest");
      process.exit(EXIT.interrupted);
    }
  };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function narrate(lab: Lab, progress: Progress): void {
  lab.events.on("step", step => progress.step(step));
  lab.events.on("died", (daemon, how, delayMs) => {
    const when = delayMs === 0 ? "now" : `in ${formatMilliseconds(delayMs)}`;
    progress.say(`${daemon} died (${how}); starting it again ${when} (log: ${lab.paths.log(daemon)})`);
  });
  lab.events.on("restarted", daemon => progress.say(`${daemon} serves again`));
  lab.events.on("trouble", text => progress.say(text));
}

function readyLine(config: LabConfig, milliseconds: number): string {
  const nodes = config.nodes.length === 1 ? "1 node" : `${config.nodes.length} nodes`;
  return `lab ${config.name} is Ready: ${nodes} in ${formatMilliseconds(milliseconds)}`;
}

function sayWhereItRuns(
  name: string,
  apiUrl: string,
  kubeconfig: string,
  { stderr, paintError }: Terminal,
): void {
  const flag = name === "lab" ? "" : ` --name ${name}`;
  const command = paintError("bold", `${commandName()} get pods${flag} -o wide`);
  const kubectl = paintError("bold", `export KUBECONFIG=${kubeconfig}`);
  stderr.write(
    `API server: ${apiUrl}\nkubectl: ${kubectl}\nIn another terminal: ${command} (or status, exec, logs, matrix, down)\n`,
  );
}

/** As people type it here: `podwire` where that is installed, else the script of this tree. */
function commandName(): string {
  const [, main = ""] = process.argv;
  if (basename(main) !== "main.js") return basename(main);
  const script = checkoutPath("scripts/podwire");
  const path = relative(process.cwd(), script);
  return path.startsWith("..") ? script : path;
}

/** A demo that fails because the lab is being taken down has not failed. */
async function demoUntilInterrupted(lab: Lab, terminal: Terminal): Promise<void> {
  try {
    await runDemo(lab.config.name, terminal);
  } catch (error) {
    if (lab.isGoing) return;
    await lab.down();
    throw error;
  }
}

async function runDemo(name: string, terminal: Terminal): Promise<boolean> {
  const { runDemo: run } = await import("../lab/demo.ts");
  return run(name, terminal);
}
