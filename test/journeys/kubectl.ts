/**
 * Real kubectl binaries against a lab: those that PODWIRE_KUBECTLS names (scripts/kubectls finds and fetches them),
 * or else the one on the PATH. Each has a home of its own, so that no cache of another version is met.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import type { Lab } from "@podwire/lab";
import { MAIN, type Outcome, Running } from "./command.ts";

export interface KubectlBinary {
  readonly path: string;
  /** `1.20` */
  readonly version: string;
  readonly minor: number;
}

export function kubectlBinaries(): KubectlBinary[] {
  const paths = (process.env.PODWIRE_KUBECTLS || "kubectl").split(delimiter);
  return paths.flatMap(path => versionOf(path) ?? []);
}

function versionOf(path: string): KubectlBinary | undefined {
  try {
    const output = execFileSync(path, ["version", "--client", "-o", "json"], { encoding: "utf8" });
    const { major, minor } = JSON.parse(output).clientVersion as { major: string; minor: string };
    const number = Number.parseInt(minor, 10);
    return { path, version: `${major}.${number}`, minor: number };
  } catch {
    return undefined;
  }
}

export interface RunWords {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** One binary as the administrator of a lab, in a namespace. */
export class Kubectl {
  readonly binary: KubectlBinary;
  readonly home = mkdtempSync(join(tmpdir(), `podwire-kubectl-${process.pid}-`));
  readonly #namespace: string;

  constructor(binary: KubectlBinary, lab: Lab, namespace: string) {
    this.binary = binary;
    this.#namespace = namespace;
    const kubeconfig = execFileSync(process.execPath, [MAIN, "kubeconfig", "--name", lab.config.name]);
    writeFileSync(join(this.home, "config"), kubeconfig, { mode: 0o600 });
  }

  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  /** A file of its home. */
  file(name: string, content: string | object): string {
    const path = join(this.home, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  get environment(): NodeJS.ProcessEnv {
    const { PATH, TERM = "dumb" } = process.env;
    return { PATH, TERM, HOME: this.home, KUBECONFIG: join(this.home, "config") };
  }

  words(...words: string[]): string[] {
    return [this.binary.path, "-n", this.#namespace, ...words];
  }

  start(words: readonly string[], { input, env }: RunWords = {}): Running {
    const [command, ...args] = this.words(...words) as [string, ...string[]];
    const child = spawn(command, args, {
      env: { ...this.environment, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.on("error", () => {});
    if (input !== undefined) child.stdin.end(input);
    return new Running(child);
  }

  outcome(words: readonly string[], options: RunWords = {}): Promise<Outcome> {
    return this.start(words, { input: "", ...options }).outcome;
  }

  /** Standard output; fails with all that was said when the exit code is not 0. */
  async run(...words: string[]): Promise<string> {
    return this.#succeeds(words, await this.outcome(words));
  }

  async runWith(options: RunWords, ...words: string[]): Promise<string> {
    return this.#succeeds(words, await this.outcome(words, options));
  }

  /** What it said on standard error; fails when it succeeds. */
  async fails(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.outcome(words);
    if (code === 0) throw new Error(`kubectl ${words.join(" ")} succeeded: ${stdout}`);
    return stderr;
  }

  async json<T = never>(...words: string[]): Promise<T> {
    return JSON.parse(await this.run(...words, "-o", "json")) as T;
  }

  /** On a terminal (script(1)); what it showed there. */
  async onTerminal(input: string, ...words: string[]): Promise<{ code: number | null; shown: string }> {
    const line = this.words(...words)
      .map(word => `'${word.replaceAll("'", "'\\''")}'`)
      .join(" ");
    const child: ChildProcess = spawn("script", ["-qec", line, "/dev/null"], {
      env: this.environment,
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin!.on("error", () => {});
    child.stdin!.write(input);
    const ended = new Promise<number | null>(resolve => child.once("close", resolve));
    const shown = await text(child.stdout!);
    return { code: await ended, shown };
  }

  #succeeds(words: readonly string[], { code, stdout, stderr }: Outcome): string {
    if (code === 0) return stdout;
    throw new Error(`kubectl ${words.join(" ")}: exit code ${code}\n${stdout}${stderr}`);
  }
}
