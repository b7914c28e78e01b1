/** A kubectl as the administrator of a lab, with a home of its own, so that no cache of another version is met. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lab } from "@podwire/lab";
import { type Outcome, Running } from "./command.ts";
import type { Kubectl } from "./kubectls.ts";

export interface RunWords {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** In one namespace. */
export class KubectlUser {
  readonly #kubectl: Kubectl;
  readonly #kubeconfig: string;
  readonly home = mkdtempSync(join(tmpdir(), `podwire-kubectl-${process.pid}-`));
  readonly #namespace: string;

  constructor(kubectl: Kubectl, lab: Lab, namespace: string) {
    this.#kubectl = kubectl;
    this.#kubeconfig = lab.paths.kubeconfig;
    this.#namespace = namespace;
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
    return { PATH, TERM, HOME: this.home, KUBECONFIG: this.#kubeconfig };
  }

  words(...words: string[]): string[] {
    return [this.#kubectl.path, "-n", this.#namespace, ...words];
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

  #succeeds(words: readonly string[], { code, stdout, stderr }: Outcome): string {
    if (code === 0) return stdout;
    throw new Error(`kubectl ${words.join(" ")}: exit code ${code}\n${stdout}${stderr}`);
  }
}
