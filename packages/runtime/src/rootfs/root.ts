/**
 * The root file system that a node's containers start from, kept in a mount namespace of its own:
 *
 *   overlay (read-only)   a small skeleton over the host's /: mount points, /agnhost, /pause, empty /etc/hosts
 *   bind, read-only       the host's other file systems (host-mounts.ts), each on its own: a read-only bind of
 *                         the whole tree would leave those below it writable
 *   /dev                  null, zero, full, random, urandom, tty and links; nothing else
 *   /proc                 the host's, for as long as a container is being set up; each then mounts its own
 *   /.podwire/pods        the node's pods, writable: where setup finds its files; unmounted before the
 *                         container's own program starts
 *
 * It is built once (about 20 ms). A container enters it and copies it with `unshare --mount`: a system call
 * instead of thirty mounts. Nothing of it is mounted in the host's own mount namespace, and all of it goes with
 * the last process inside, so a crash leaves nothing behind.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPause, pausePath } from "../pause/install.ts";
import { isRunning, type ProcessIdentity, parseStat, readIdentity, signal } from "../process/identity.ts";
import { firstLine, quote, spawnDetached } from "../process/run.ts";
import { readHostMounts } from "./host-mounts.ts";

/** Where the node's pods lie inside the root while a container is set up. */
export const PODS_IN_ROOT = "/.podwire/pods";
/** Of containers on an image: its store, read-only, and where its overlay is put together (launch/image-root.ts). */
export const IMAGES_IN_ROOT = "/.podwire/images";
export const WRITABLE_IN_ROOT = "/.podwire/writable";
export const NEW_ROOT = "/.podwire/new";
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
  /** The root for containers on images: with the image store of this directory. */
  imageStore?: string;
}

export class Root {
  readonly #options: RootOptions;
  #holder: Promise<ProcessIdentity> | undefined;

  constructor(options: RootOptions) {
    this.#options = options;
  }

  /** The process whose mount namespace is the root; finds the one of before a restart, or builds it. */
  async holder(): Promise<ProcessIdentity> {
    const held = await this.#holder?.catch(() => undefined);
    if (!isRunning(held)) this.#holder = this.#findOrBuild();
    return this.#holder!;
  }

  /** Ends the holder, also one of before a restart. Containers that run keep their copies. */
  async remove(): Promise<void> {
    // One that is being built has yet to leave its identity.
    const built = await this.#holder?.catch(() => undefined);
    signal(built, "SIGKILL");
    signal(readIdentity(this.#record()), "SIGKILL");
    this.#holder = undefined;
    rmSync(folderOf(this.#options), { recursive: true, force: true });
  }

  #record(): string {
    return join(folderOf(this.#options), "holder");
  }

  async #findOrBuild(): Promise<ProcessIdentity> {
    const found = readIdentity(this.#record());
    if (isRunning(found)) return found;
    const { labDir, nodeDir } = this.#options;
    installPause(labDir);
    const folder = folderOf(this.#options);
    mkdirSync(join(folder, "mnt"), { recursive: true });
    mkdirSync(join(nodeDir, "pods"), { recursive: true, mode: 0o700 });
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

function folderOf({ nodeDir, imageStore }: RootOptions): string {
  return join(nodeDir, imageStore === undefined ? "root" : "image-root");
}

function buildScript(options: RootOptions): string {
  const { labDir, nodeDir, imageStore } = options;
  const folder = folderOf(options);
  const mnt = quote(join(folder, "mnt"));
  const agnhost = agnhostFolder();
  return `set -e
umask 022
cd ${mnt}
mount -t tmpfs -o size=${MAX_SKELETON_BYTES},mode=755 podwire .
cd ${mnt}
mkdir -p root skel/.podwire/pods skel/.podwire/agnhost skel/.podwire/old skel/etc
mkdir skel${IMAGES_IN_ROOT} skel${WRITABLE_IN_ROOT} skel${NEW_ROOT}
cd skel
mkdir -p proc sys dev run tmp var/tmp root uploads .${quote(dirname(pausePath(labDir)))}
: >.podwire/node; : >etc/hosts; : >etc/hostname; : >etc/resolv.conf
cp ${quote(pausePath(labDir))} .${PAUSE_COMMAND}
cp ${quote(pausePath(labDir))} .${quote(pausePath(labDir))}
cat >.${AGNHOST_COMMAND} <<'END'
#!/bin/sh
exec /.podwire/node /.podwire/agnhost/dist/main.js "$@"
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
mount --bind ${quote(join(nodeDir, "pods"))} .${PODS_IN_ROOT}
${imageStore === undefined ? "" : `mount -o bind,ro ${quote(imageStore)} .${IMAGES_IN_ROOT}\n`}mount -o bind,ro ${quote(agnhost)} .podwire/agnhost
mount -o bind,ro ${quote(process.execPath)} .podwire/node
record=${quote(join(folder, "holder"))}
exec 3>"$record"
pivot_root . .podwire/old
cd /
umount -l /.podwire/old
read -r stat </proc/self/stat
printf '%s\\n' "$stat"
printf '%s\\n' "$stat" >&3
exec ${quote(pausePath(labDir))} ${quote(basename(labDir))} ${basename(folder)}/${quote(basename(nodeDir))} </dev/null >/dev/null 2>&1 3>&-
`;
}

/** The folder of the package @podwire/agnhost. */
function agnhostFolder(): string {
  return dirname(dirname(fileURLToPath(import.meta.resolve("@podwire/agnhost"))));
}
