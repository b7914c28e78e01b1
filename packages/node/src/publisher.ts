/**
 * From what the node knows to what its data plane runs on, changes coalesced:
 *
 *   change, change, change -> one snapshot -> compile -> one swap in the data plane
 *
 * At most one publication is under way; whatever changes meanwhile goes into the next. Where Services alone have changed,
 * the tables of before are as good as new ones.
 */
import { type Compiled, compile, type NetworkSnapshot } from "@podwire/compiler";

export interface PublisherOptions {
  /** Read when a publication begins. */
  snapshot(revision: number): NetworkSnapshot;
  /** Resolves when the data plane runs on the tables, or those that it has, and on the Services. */
  publish(compiled: Compiled | undefined): Promise<void>;
  /** What a snapshot names and the tables lack: for the log and events. */
  omitted(omissions: Compiled["omissions"]): void;
}

export class Publisher {
  readonly #options: PublisherOptions;
  #revision = 0;
  #running: Promise<void> = Promise.resolve();
  #scheduled: Promise<void> | undefined;
  #isNetworkStale = true;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Resolves when the data plane runs on everything that was known at the time of this call. */
  publish(what: "all" | "services" = "all"): Promise<void> {
    if (what === "all") this.#isNetworkStale = true;
    const begin = () => {
      this.#scheduled = undefined;
      this.#running = this.#run();
      return this.#running;
    };
    this.#scheduled ??= this.#running.then(begin, begin);
    return this.#scheduled;
  }

  async #run(): Promise<void> {
    const compiled = this.#isNetworkStale ? this.#compile() : undefined;
    try {
      await this.#options.publish(compiled);
    } catch (error) {
      this.#isNetworkStale = true;
      throw error;
    }
  }

  #compile(): Compiled {
    this.#isNetworkStale = false;
    const compiled = compile(this.#options.snapshot(++this.#revision));
    if (compiled.omissions.length > 0) this.#options.omitted(compiled.omissions);
    return compiled;
  }
}
