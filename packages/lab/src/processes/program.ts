/**
 * How `podwire` runs itself: the command line of a daemon, with the flags that keep many small Node processes
 * small. All of a lab's processes are started with these.
 */
import { fileURLToPath } from "node:url";
import { type Membership, memberMark } from "@podwire/runtime/membership";

export interface Program {
  readonly command: string;
  readonly arguments: readonly string[];
  /** Instead of these, for the daemon of a node. */
  readonly nodeArguments?: readonly string[];
}

/**
 * A small young generation keeps a daemon's heap near what it really holds (2 MB less in each of a node's two
 * threads); its packets live outside of the heap. One thread of V8's pool is enough for processes that rest.
 */
const V8_FLAGS = ["--max-semi-space-size=1", "--v8-pool-size=1"];

/**
 * Of a node's daemon, whose heap is small, and of which there are many: garbage is collected when there is a fifth of it, not
 * when there is as much again (with 10,000 Services, 30 MB less).
 */
const NODE_FLAGS = ["--heap-growing-percent=20"];

const ENVIRONMENT = {
  /** File and DNS work of a daemon is rare: two threads, not four. */
  UV_THREADPOOL_SIZE: "2",
  /** glibc keeps one arena of freed memory a thread unless told otherwise. */
  MALLOC_ARENA_MAX: "2",
};

/** The CLI of this build, bundled (scripts/bundle.mjs). */
export function podwireProgram(): Program {
  const main = fileURLToPath(import.meta.resolve("@podwire/cli/program"));
  return {
    command: process.execPath,
    arguments: [...V8_FLAGS, main],
    nodeArguments: [...V8_FLAGS, ...NODE_FLAGS, main],
  };
}

export function memberEnvironment(directory: string, membership: Membership): NodeJS.ProcessEnv {
  return { ...process.env, ...ENVIRONMENT, ...memberMark(directory, membership) };
}
