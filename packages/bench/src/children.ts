/**
 * Every process that a benchmark starts is started here, so that none outlives it: each gets SIGKILL from
 * the kernel when this process dies, however it dies (setpriv --pdeathsig), and `close` ends those that are
 * left. A network namespace lives as long as its processes, so it goes with them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { GENERATOR_OUTPUT_BYTES } from "./limits.ts";

export interface Launch {
  /** Run in the network namespace of this process; in one's own without it. */
  readonly namespacePid?: number;
  /** The one processor to run on; any without it. */
  readonly processor?: number;
  readonly command: readonly string[];
  /** What messages call it; its command without one. */
  readonly name?: string;
}

export class Children {
  private readonly running = new Set<Child>();
  private readonly signal: AbortSignal | undefined;

  /** Aborting `signal` ends all children and makes every later start fail. */
  constructor(signal?: AbortSignal) {
    this.signal = signal;
    signal?.addEventListener("abort", this.killAll, { once: true });
  }

  start(launch: Launch): Child {
    this.signal?.throwIfAborted();
    const child = new Child(launch);
    this.running.add(child);
    child.ended.finally(() => this.running.delete(child)).catch(() => {});
    return child;
  }

  /** Runs a command to its end and returns what it printed; a failure quotes its standard error. */
  async run(launch: Launch, timeoutMs: number): Promise<string> {
    const child = this.start(launch);
    return await child.finish(timeoutMs);
  }

  async close(): Promise<void> {
    this.signal?.removeEventListener("abort", this.killAll);
    const left = [...this.running];
    this.killAll();
    await Promise.allSettled(left.map(child => child.ended));
  }

  private readonly killAll = (): void => {
    for (const child of this.running) child.kill();
  };
}

export class Child {
  readonly name: string;
  /** Resolves with standard output on exit code 0, rejects otherwise. */
  readonly ended: Promise<string>;
  private readonly process: ChildProcess;
  private output = "";
  private errors = "";
  private onOutput: (() => void) | null = null;

  constructor(launch: Launch) {
    const [file, ...args] = commandLine(launch);
    this.name = launch.name ?? launch.command.join(" ");
    this.process = spawn(file!, args, {
      stdio: ["ignore", "pipe", "pipe"],
      // What the tools print is read by program.
      env: { ...process.env, LC_ALL: "C" },
    });
    this.process.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.output = keep(this.output, text);
      this.onOutput?.();
    });
    this.process.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.errors = keep(this.errors, text);
    });
    this.ended = new Promise((resolve, reject) => {
      this.process.on("error", error => reject(new Error(`${this.name}: cannot start: ${error.message}`)));
      this.process.on("close", (code, signal) => {
        if (code === 0) resolve(this.output);
        else reject(new Error(`${this.name}: ${reason(code, signal)}${quote(this.errors)}`));
      });
    });
    this.ended.catch(() => {});
  }

  get pid(): number {
    return this.process.pid!;
  }

  /** Standard output so far. */
  get printedSoFar(): string {
    return this.output;
  }

  kill(): void {
    this.process.kill("SIGKILL");
  }

  /** Waits until the child has printed a whole line that contains `text`. */
  async printed(text: string, timeoutMs: number): Promise<void> {
    const line = new Promise<void>(resolve => {
      this.onOutput = () => {
        if (this.output.slice(0, this.output.lastIndexOf("\n") + 1).includes(text)) resolve();
      };
      this.onOutput();
    });
    const end = this.ended.then(() => Promise.reject(new Error(`${this.name}: ended before it was ready`)));
    await this.within(Promise.race([line, end]), timeoutMs, `printed no "${text}"`);
  }

  async finish(timeoutMs: number): Promise<string> {
    return await this.within(this.ended, timeoutMs, "did not end");
  }

  private async within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.kill();
        reject(new Error(`${this.name}: ${what} within ${timeoutMs} ms${quote(this.errors)}`));
      }, timeoutMs);
    });
    return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }
}

/** All of these replace themselves by the next with exec: the child's pid is the command's. */
function commandLine({ namespacePid, processor, command }: Launch): string[] {
  return [
    ...["setpriv", "--pdeathsig", "KILL"],
    ...(processor === undefined ? [] : ["taskset", "--cpu-list", String(processor)]),
    ...(namespacePid === undefined ? [] : ["nsenter", `--net=/proc/${namespacePid}/ns/net`]),
    ...command,
  ];
}

function keep(text: string, more: string): string {
  return text.length >= GENERATOR_OUTPUT_BYTES ? text : text + more;
}

function reason(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}

function quote(errors: string): string {
  const last = errors.trim().split("\n").slice(-3).join("; ");
  return last === "" ? "" : `: ${last}`;
}
