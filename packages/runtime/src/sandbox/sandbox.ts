/**
 * A pod's sandbox: the namespaces that its containers share (network, UTS, IPC, on request the process
 * namespace), held by one `pause` process. A pod with hostNetwork shares the daemon's network namespace.
 *
 *   <pod>/holder        identity of the holder, written by itself before it answers
 *   <pod>/sandbox.life  its lifeline
 */
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Pod } from "@podwire/api";
import { LIMITS } from "../limits.ts";
import { spawnHolder } from "../process/holder.ts";
import { isRunning, type ProcessIdentity, readIdentity, signal } from "../process/identity.ts";
import { Lifeline } from "../process/lifeline.ts";
import { atMost } from "../process/run.ts";

export class Sandbox {
  readonly #podDir: string;
  readonly #gone: () => void;
  #holder: ProcessIdentity | undefined;
  #lifeline: Lifeline | undefined;
  #ended: Promise<void> = Promise.resolve();

  /** `gone` is called when the holder ends without having been asked to. */
  constructor(podDir: string, gone: () => void) {
    this.#podDir = podDir;
    this.#gone = gone;
  }

  get holder(): ProcessIdentity | undefined {
    return this.#holder;
  }

  /** `fifos` of the containers are made in the same breath. Takes about 5 ms. */
  async create(
    labDir: string,
    pod: Pod,
    hostname: string,
    fifos: readonly string[],
  ): Promise<ProcessIdentity> {
    mkdirSync(join(this.#podDir, "shm"), { recursive: true });
    chmodSync(join(this.#podDir, "shm"), 0o1777);
    const life = join(this.#podDir, "sandbox.life");
    this.#holder = await spawnHolder({
      labDir,
      what: `pod/${pod.metadata.uid}`,
      net: !pod.spec.hostNetwork,
      uts: true,
      ipc: true,
      pid: pod.spec.shareProcessNamespace ?? false,
      hostname,
      record: join(this.#podDir, "holder"),
      fifos: [...(existsSync(life) ? [] : [life]), ...fifos],
      lifeline: life,
    });
    this.#watch();
    return this.#holder;
  }

  /** Finds the holder again after a restart of the daemon; undefined when it is gone. */
  recover(): ProcessIdentity | undefined {
    if (!existsSync(join(this.#podDir, "sandbox.life"))) return undefined;
    // Listen first, then look: its end cannot fall in between.
    this.#watch();
    const holder = readIdentity(join(this.#podDir, "holder"));
    if (isRunning(holder)) this.#holder = holder;
    else this.close();
    return this.#holder;
  }

  /** Ends the holder; resolves when it is dead, and with it the namespaces that nothing else keeps. */
  async remove(): Promise<void> {
    const holder = this.#holder ?? readIdentity(join(this.#podDir, "holder"));
    this.#holder = undefined;
    if (!signal(holder, "SIGKILL")) return this.close();
    await atMost(LIMITS.killTimeoutMs, this.#ended);
    this.close();
  }

  /** Stops listening; the holder goes on. */
  close(): void {
    this.#lifeline?.close();
    this.#lifeline = undefined;
  }

  #watch(): void {
    let dead = (): void => {};
    this.#ended = new Promise(resolve => {
      dead = resolve;
    });
    this.#lifeline = new Lifeline(join(this.#podDir, "sandbox.life"), {
      end: () => {
        const expected = this.#holder === undefined;
        this.#holder = undefined;
        dead();
        if (!expected) this.#gone();
      },
    });
  }
}
