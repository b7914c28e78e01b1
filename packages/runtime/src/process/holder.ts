/**
 * Holders: namespaces are kept alive by a process, never by a bind mount, so that killing the processes of a
 * lab leaves nothing behind.
 *
 * A holder is started through `unshare`, which becomes a short sh script, which becomes
 * `<labDir>/bin/pause <lab> <what>` in the same process: recognisable in /proc/PID/cmdline, in a session of its
 * own, a few pages of memory. Before that the script leaves its identity in `record`, and then answers this
 * process; if this process is dead by then, the answer kills it (SIGPIPE) and nothing has been left behind.
 */
import { basename } from "node:path";
import { installPause } from "../pause/install.ts";
import { type ProcessIdentity, parseStat } from "./identity.ts";
import { memberMark } from "./membership.ts";
import { DEFAULT_PATH, firstLine, quote, spawnDetached } from "./run.ts";

export interface HolderOptions {
  labDir: string;
  /** What is held, for people who read `ps`: `node/worker-1`, `pod/<uid>`. */
  what: string;
  net?: boolean;
  uts?: boolean;
  ipc?: boolean;
  /** The holder becomes process 1 of a new process namespace. */
  pid?: boolean;
  /** Host name inside the new UTS namespace. */
  hostname?: string;
  /** File in which the holder leaves its identity: see `readIdentity`. */
  record?: string;
  /** FIFOs to make first. */
  fifos?: readonly string[];
  /** The one of these that the holder keeps open: see `Lifeline`. */
  lifeline?: string;
}

const BECOME_PAUSE = `set -e
if [ -n "$1" ]; then printf %s "$1" >/proc/sys/kernel/hostname; fi
if [ -n "$2" ]; then exec 3<>"$2"; fi
read -r stat </proc/self/stat
if [ -n "$3" ]; then printf '%s\\n' "$stat" >"$3"; fi
printf '%s\\n' "$stat"
shift 3
exec "$@" </dev/null >/dev/null 2>&1
`;

/** unshare --pid moves the children only: the first one becomes process 1, this shell goes. */
const IN_BACKGROUND = 'sh -c "$@" &';

/** Starts a holder and resolves when its namespaces exist. Takes 2 to 4 ms. */
export async function spawnHolder(options: HolderOptions): Promise<ProcessIdentity> {
  const pause = installPause(options.labDir);
  const flags = (["net", "uts", "ipc", "pid"] as const)
    .filter(kind => options[kind])
    .map(kind => `--${kind}`);
  const script = [
    BECOME_PAUSE,
    "holder",
    options.hostname ?? "",
    options.lifeline ?? "",
    options.record ?? "",
    pause,
    basename(options.labDir),
    options.what,
  ];
  const shell = options.pid ? ["sh", "-c", IN_BACKGROUND, "sh", ...script] : ["sh", "-c", ...script];
  const fifos = (options.fifos ?? []).map(quote).join(" ");
  // Readable and writable by a container's own user, who reopens them as /dev/stdout; the folder is root's.
  const first = fifos ? `mkfifo -m 666 -- ${fifos} && exec "$@"` : 'exec "$@"';
  const child = spawnDetached("sh", ["-c", first, "sh", "unshare", ...flags, ...shell], {
    stdio: ["ignore", "pipe", "pipe"],
    // It answers before it is the holder that its executable tells.
    env: { PATH: DEFAULT_PATH, ...memberMark(options.labDir, "network") },
  });
  child.unref();
  const identity = parseStat(`${await firstLine(child, `namespaces for ${options.what}`)}\n`);
  if (!identity) throw new Error(`namespaces for ${options.what}: /proc/self/stat is not readable`);
  return { pid: identity.pid, startTicks: identity.startTicks };
}
