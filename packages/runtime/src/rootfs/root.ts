/**
 * The root file system that a node's containers start from, kept in a mount namespace of its own:
 *
 *   overlay (read-only)   a small skeleton over the host's /: mount points, /agnhost, /pause, empty /etc/hosts
 *   bind, read-only       the host's other file systems (host-mounts.ts), each on its own: a read-only bind of
 *                         the whole tree would leave those below it writable
 *   /dev                  null, zero, full, random, urandom, tty and links; nothing else
 *   /proc                 the host's, for as long as a container is being set up; each then mounts its own
 *   /.podwire/setup       where a container's setup finds what it mounts, writable; unmounted before the
 *                         container's own program starts:
 *     pods, claims, host  the node's pods, the lab's claims, the node's own part of the host (hostPath)
 *     memory              secrets, volumes and roots that are kept in memory, a folder a pod
 *     skel, base          the two layers of the overlay, for a container with mount points of its own
 *     images              the image store, once a container needs it
 *
 * It is built once (about 20 ms). A container enters it and copies it with `unshare --mount`: a system call
 * instead of thirty mounts. Nothing of it is mounted in the host's own mount namespace, and all of it goes with
 * the last process inside, so a crash leaves nothing behind.
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { hangProgram, takeProgram } from "../launch/bring-mount.ts";
import { LIMITS } from "../limits.ts";
import { architecture, installPause, pausePath } from "../pause/install.ts";
import { isRunning, type ProcessIdentity, parseStat, readIdentity, signal } from "../process/identity.ts";
import { firstLine, program, quote, runToEnd, spawnDetached } from "../process/run.ts";
import { isWithin, readHostMounts, unescapePath } from "./host-mounts.ts";

/** Where things lie inside the root while a container is set up. */
export const SETUP_IN_ROOT = "/.podwire/setup";
export const IN_ROOT = {
  pods: `${SETUP_IN_ROOT}/pods`,
  claims: `${SETUP_IN_ROOT}/claims`,
  host: `${SETUP_IN_ROOT}/host`,
  memory: `${SETUP_IN_ROOT}/memory`,
  skeleton: `${SETUP_IN_ROOT}/skel`,
  base: `${SETUP_IN_ROOT}/base`,
  /** Of containers on an image: its store, and where its overlay is put together (launch/image-root.ts). */
  images: `${SETUP_IN_ROOT}/images`,
  writable: `${SETUP_IN_ROOT}/writable`,
  newRoot: `${SETUP_IN_ROOT}/new`,
} as const;
/** Where a container's own root is mounted before it is moved into, and where the node's goes. */
export const OWN_ROOT = "/.podwire/root";
export const OLD_ROOT = "/.podwire/old";
/**
 * Runs node without V8 flags: any flag makes V8 refuse its built-in code cache, which costs 12 of the 67 ms that
 * netexec takes to listen, and none tried saved memory.
 */
export const AGNHOST_COMMAND = "/agnhost";
export const PAUSE_COMMAND = "/pause";

const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];
const MAX_SKELETON_BYTES = 1024 * 1024;

export interface RootOptions {
  labDir: string;
  /** `<labDir>/nodes/<node>`. */
  nodeDir: string;
}

export class Root {
  readonly #options: RootOptions;
  #holder: Promise<ProcessIdentity> | undefined;

  constructor(options: RootOptions) {
    this.#options = options;
  }

  /** The process whose mount namespace is the root; finds the one of before a restart, or builds it. */
  async holder(): Promise<ProcessIdentity> {
    const before = this.#holder;
    const held = await before?.catch(() => undefined);
    // Of several that ask at once, the first one builds.
    if (!isRunning(held) && this.#holder === before) this.#holder = this.#findOrBuild();
    return this.#holder!;
  }

  /** The same without building one: undefined when none runs, and then nothing of it is left. */
  running(): ProcessIdentity | undefined {
    const found = readIdentity(this.#record());
    return isRunning(found) ? found : undefined;
  }

  /** A path of the root, as this process can open it. */
  async path(inRoot: string): Promise<string> {
    return `/proc/${(await this.holder()).pid}/root${inRoot}`;
  }

  /** Runs a program in the root's mount namespace, to its end. */
  async run(name: string, args: readonly string[]): Promise<void> {
    const { pid } = await this.holder();
    const child = spawnDetached("nsenter", [`--mount=/proc/${pid}/ns/mnt`, name, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    await runToEnd(child, [name, ...args].join(" "));
  }

  /** Shows a folder of the host at a place of the root, read-only; again when it is another one by now. */
  async show(folder: string, inRoot: string): Promise<void> {
    const place = await this.path(inRoot);
    const shown = statSync(place);
    if (shown.ino === statSync(folder).ino && shown.dev === statSync(folder).dev) return;
    // What is mounted there is on another file system than setup's own.
    if (shown.dev !== statSync(await this.path(SETUP_IN_ROOT)).dev) await this.run("umount", ["-l", inRoot]);
    await this.#bring(folder, inRoot);
    await this.run("mount", ["-o", "remount,bind,ro", inRoot]);
  }

  async #bring(folder: string, inRoot: string): Promise<void> {
    const { pid } = await this.holder();
    const hanger = join(SETUP_IN_ROOT, "hang");
    writeFileSync(await this.path(hanger), hangProgram(architecture(), inRoot), { mode: 0o700 });
    const taker = join(this.#options.nodeDir, "root", "take");
    const nsenter = [program("nsenter"), `--mount=/proc/${pid}/ns/mnt`, hanger];
    writeFileSync(taker, takeProgram(architecture(), folder, nsenter), { mode: 0o700 });
    await runToEnd(spawnDetached(taker, [], { stdio: ["ignore", "ignore", "pipe"] }), `mount ${inRoot}`);
  }

  /** Mount points of the root besides the root itself and what only setup needs; outermost ones only. */
  async mountPoints(): Promise<string[]> {
    const { pid } = await this.holder();
    const paths = readFileSync(`/proc/${pid}/mountinfo`, "utf8")
      .split("\n")
      .map(line => unescapePath(line.split(" ")[4] ?? ""))
      .filter(path => path !== "" && path !== "/");
    return paths.filter(path => !paths.some(outer => outer !== path && isWithin(path, outer)));
  }

  /** Ends the holder, also one of before a restart. Containers that run keep their copies. */
  async remove(): Promise<void> {
    // One that is being built has yet to leave its identity.
    const built = await this.#holder?.catch(() => undefined);
    signal(built, "SIGKILL");
    signal(readIdentity(this.#record()), "SIGKILL");
    this.#holder = undefined;
    rmSync(join(this.#options.nodeDir, "root"), { recursive: true, force: true });
  }

  #record(): string {
    return join(join(this.#options.nodeDir, "root"), "holder");
  }

  async #findOrBuild(): Promise<ProcessIdentity> {
    const found = readIdentity(this.#record());
    if (isRunning(found)) return found;
    const { labDir, nodeDir } = this.#options;
    installPause(labDir);
    const folder = join(this.#options.nodeDir, "root");
    mkdirSync(join(folder, "mnt"), { recursive: true });
    for (const path of [join(nodeDir, "pods"), join(nodeDir, "host"), join(labDir, "claims")]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    }
    const script = join(folder, "build.sh");
    writeFileSync(script, buildScript(this.#options));
    const child = spawnDetached("unshare", ["--mount", "sh", script], { stdio: ["ignore", "pipe", "pipe"] });
    child.unref();
    const what = `root file system of the containers of ${basename(nodeDir)}`;
    const identity = parseStat(`${await firstLine(child, what)}\n`);
    if (!identity) throw new Error(`${what}: /proc/self/stat is not readable`);
    return identity;
  }
}

function buildScript({ labDir, nodeDir }: RootOptions): string {
  const folder = join(nodeDir, "root");
  const mnt = quote(join(folder, "mnt"));
  const agnhost = agnhostFolder();
  return `set -e
umask 022
cd ${mnt}
mount -t tmpfs -o size=${MAX_SKELETON_BYTES},mode=755 podwire .
cd ${mnt}
mkdir -p root skel/.podwire/setup skel/.podwire/agnhost skel/.podwire/old skel/.podwire/root skel/etc
cd skel
mkdir -p proc sys dev run tmp var/tmp root uploads .${quote(dirname(pausePath(labDir)))}
: >.podwire/node; : >etc/hosts; : >etc/hostname; : >etc/resolv.conf
cp ${quote(pausePath(labDir))} .${PAUSE_COMMAND}
cp ${quote(pausePath(labDir))} .${quote(pausePath(labDir))}
cat >.${AGNHOST_COMMAND} <<'END'
#!/bin/sh
exec /.podwire/node /.podwire/agnhost/bundle/main.js "$@"
END
chmod 755 .${AGNHOST_COMMAND}
cp ${quote(join(agnhost, "tls", "localhost.crt"))} ${quote(join(agnhost, "tls", "localhost.key"))} .
cd ..
mount -t overlay -o ro,lowerdir=skel:/ podwire root
cd root
${readHostMounts()
  .map(path => `mount -o bind,ro ${quote(path)} .${quote(path)}\n`)
  .join("")}mount --rbind /proc proc
mount -t tmpfs -o nosuid,size=64k,mode=755 podwire dev
mkdir dev/pts dev/shm
: >dev/termination-log
for device in ${DEVICES.join(" ")}; do : >dev/$device; mount --bind /dev/$device dev/$device; done
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mount -o remount,ro dev
mount -t tmpfs -o nosuid,nodev,mode=700,size=${LIMITS.secretBytes} podwire .${SETUP_IN_ROOT}
mkdir ${Object.values(IN_ROOT)
    .map(path => `.${path}`)
    .join(" ")}
mount --bind ${quote(join(nodeDir, "pods"))} .${IN_ROOT.pods}
mount --bind ${quote(join(labDir, "claims"))} .${IN_ROOT.claims}
mount --bind ${quote(join(nodeDir, "host"))} .${IN_ROOT.host}
mount -o bind,ro ../skel .${IN_ROOT.skeleton}
mount -o bind,ro / .${IN_ROOT.base}
mount -o bind,ro ${quote(agnhost)} .podwire/agnhost
mount -o bind,ro ${quote(process.execPath)} .podwire/node
record=${quote(join(folder, "holder"))}
exec 3>"$record"
pivot_root . .podwire/old
cd /
umount -l /.podwire/old
read -r stat </proc/self/stat
printf '%s\\n' "$stat"
printf '%s\\n' "$stat" >&3
exec ${quote(pausePath(labDir))} ${quote(basename(labDir))} root/${quote(basename(nodeDir))} </dev/null >/dev/null 2>&1 3>&-
`;
}

/** The folder of the package @podwire/agnhost. */
function agnhostFolder(): string {
  return dirname(dirname(fileURLToPath(import.meta.resolve("@podwire/agnhost"))));
}
