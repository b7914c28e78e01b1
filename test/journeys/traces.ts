/**
 * What labs leave on a machine, counted without asking Podwire: processes, namespaces, mounts and files that belong to
 * a run directory, and the state of the network namespace that everything was started from. Other labs come and go
 * on the same machine, so what belongs to the run directory is told by what the kernel says of each process.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { withRtnetlink } from "@podwire/linux";
import { ROOT } from "./command.ts";

const NAMESPACES = ["net", "mnt", "pid", "uts", "ipc"] as const;

interface Task {
  readonly pid: number;
  readonly startTicks: string;
  readonly parent: number;
  /** Such as `net:[4026531840]`. */
  readonly namespaces: readonly string[];
  readonly words: string;
}

/** Everything of the labs under one run directory, at one moment. */
export class Belongings {
  readonly tasks: readonly Task[];
  /** Other than those of this process, as `net:[4026531840]`. */
  readonly namespaces: ReadonlySet<string>;
  readonly #runDirectory: string;

  private constructor(runDirectory: string, tasks: readonly Task[], namespaces: ReadonlySet<string>) {
    this.#runDirectory = runDirectory;
    this.tasks = tasks;
    this.namespaces = namespaces;
  }

  /**
   * Processes that name the directory in their command line, environment, executable or working directory or show
   * something of it in a mount namespace of their own; their children; and whoever shares a namespace with one.
   */
  static of(runDirectory: string): Belongings {
    const common = new Set([...namespacesOf(process.pid), ...namespacesOf(1)]);
    const spared = ownLine();
    let others = allTasks().filter(task => !spared.has(task.pid));
    const tasks: Task[] = [];
    const pids = new Set<number>();
    const namespaces = new Set<string>();
    const take = (belongs: (task: Task) => boolean) => {
      const taken = others.filter(belongs);
      others = others.filter(task => !taken.includes(task));
      for (const task of taken) {
        tasks.push(task);
        pids.add(task.pid);
        for (const each of task.namespaces) if (!common.has(each)) namespaces.add(each);
      }
      return taken.length > 0;
    };
    take(task => names(task, runDirectory) || shows(task, runDirectory, common));
    while (take(task => pids.has(task.parent) || task.namespaces.some(each => namespaces.has(each))));
    return new Belongings(runDirectory, tasks, namespaces);
  }

  count(kind: (typeof NAMESPACES)[number]): number {
    return [...this.namespaces].filter(each => each.startsWith(`${kind}:`)).length;
  }

  /** What is still there of it, in words; and whatever has come to belong to the run directory since. */
  left(): string[] {
    const now = Belongings.of(this.#runDirectory);
    const living = this.tasks.filter(task => taskOf(task.pid)?.startTicks === task.startTicks);
    const tasks = new Map([...living, ...now.tasks].map(task => [task.pid, task]));
    return [
      ...[...tasks.values()].map(({ pid, words }) => `process ${pid}: ${words}`),
      ...this.#heldNamespaces(),
      ...readLines("/proc/self/mountinfo").filter(line => line.includes(this.#runDirectory)),
      ...(existsSync(this.#runDirectory) ? readdirSync(this.#runDirectory, { recursive: true }) : []).map(
        entry => `entry ${String(entry)} of ${this.#runDirectory}`,
      ),
      ...(existsSync(this.#runDirectory) ? [`directory ${this.#runDirectory}`] : []),
      ...readLines("/proc/net/unix").filter(line => line.includes(this.#runDirectory)),
    ];
  }

  /** A mount or an open descriptor keeps a namespace without any process in it. */
  #heldNamespaces(): string[] {
    const mounts = readLines("/proc/self/mountinfo").filter(line => this.namespaces.has(line.split(" ")[3]!));
    const descriptors = readLinks(`/proc/self/fd`).filter(link => this.namespaces.has(link));
    return [...mounts, ...descriptors.map(link => `descriptor of ${link}`)];
  }
}

/** What the host's network namespace has; equal before and after. */
export async function hostNetwork(): Promise<object> {
  return {
    devices: withRtnetlink(undefined, network =>
      network
        .listLinks()
        .map(link => link.name)
        .sort(),
    ),
    addresses: withRtnetlink(undefined, network => network.listAddresses()),
    routes: routes("/proc/net/route", 0, 7),
    ipv6Routes: routes("/proc/net/ipv6_route", 0, 5),
    rulesetGeneration: await rulesetGeneration(),
    sysctls: Object.fromEntries(sysctls("/proc/sys/net")),
    mounts: readLines("/proc/self/mountinfo").filter(line => !line.includes("podwire")).length,
  };
}

/** Destination, gateway and device of each route, without counters of use. */
function routes(path: string, from: number, to: number): string[] {
  return readLines(path).map(line => {
    const fields = line.trim().split(/\s+/);
    return [...fields.slice(from, to), fields.at(-1)].join(" ");
  });
}

/** Every change of nftables in a namespace counts it up (NFT_MSG_GETGEN). */
async function rulesetGeneration(): Promise<string> {
  const load = (file: string) => import(join(ROOT, "packages/linux/dist", file));
  const [{ NetlinkSocket, NETLINK_NETFILTER }, { NetlinkBuilder }] = await Promise.all([
    load("netlink.js"),
    load("netlink-message.js"),
  ]);
  const socket = new NetlinkSocket(NETLINK_NETFILTER, undefined);
  try {
    const builder = new NetlinkBuilder().message((10 << 8) | 16, 1, socket.nextSequence()).u32(0);
    const { payload } = socket.query(builder, "nftables generation") as { payload: Uint8Array };
    return Buffer.from(payload.subarray(8, 12)).toString("hex");
  } finally {
    socket.close();
  }
}

/** Settings, without those of modules that this run may be the first to load, and without what the kernel counts. */
function sysctls(directory: string): [string, string][] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !/count|stat|avail|\bnr_|random|flush|key$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => !/\/(netfilter|bridge|nf_conntrack_max)/.test(path))
    .map((path): [string, string] => [path, readLines(path).join("\n")]);
}

function allTasks(): Task[] {
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => taskOf(Number(name)) ?? []);
}

/**
 * Undefined when it is gone, or has left its namespaces and only waits to be reaped (of a PID namespace, the first
 * process can do that without being a zombie).
 */
function taskOf(pid: number): Task | undefined {
  const [stat = ""] = readLines(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const namespaces = namespacesOf(pid);
  const hasNetwork = namespaces.some(each => each.startsWith("net:"));
  if (stat === "" || fields[0] === "Z" || fields[0] === "X" || !hasNetwork) return undefined;
  const words = (readLines(`/proc/${pid}/cmdline`)[0] ?? "").replaceAll("\0", " ");
  return { pid, startTicks: fields[19]!, parent: Number(fields[1]), namespaces, words };
}

function namespacesOf(pid: number): string[] {
  return NAMESPACES.flatMap(kind => readLink(`/proc/${pid}/ns/${kind}`) ?? []);
}

function names({ pid, words }: Task, directory: string): boolean {
  const texts = [words, readLink(`/proc/${pid}/exe`), readLink(`/proc/${pid}/cwd`)];
  return [...texts, ...readLines(`/proc/${pid}/environ`)].some(each => each?.includes(directory));
}

/** Mounts of this process's own namespace are counted by themselves. */
function shows({ pid, namespaces }: Task, directory: string, common: ReadonlySet<string>): boolean {
  if (namespaces.every(each => !each.startsWith("mnt:") || common.has(each))) return false;
  return readLines(`/proc/${pid}/mountinfo`).some(line => line.includes(directory));
}

function ownLine(): Set<number> {
  const line = new Set<number>();
  for (let pid: number | undefined = process.pid; pid && !line.has(pid); pid = taskOf(pid)?.parent) {
    line.add(pid);
  }
  return line;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n");
  } catch {
    return []; // gone meanwhile, or not to be read
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function readLinks(directory: string): string[] {
  return readdirSync(directory).flatMap(entry => readLink(join(directory, entry)) ?? []);
}
