/**
 * What must be true before a lab is made, so that most failures leave nothing behind: privileges, the TUN device,
 * the host's commands, room on disk, a free port. Each failure is a LabError that says the way out.
 */
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { closeNamespace, inNamespace, openNamespace } from "@podwire/linux";
import type { LabConfig } from "./config/cluster.ts";
import { LabError } from "./errors.ts";
import { API_PORTS, FIRST_API_PORT, MAX_SOCKET_PATH_BYTES, MIN_FREE_BYTES } from "./limits.ts";
import type { LabPaths } from "./state/directory.ts";

/** Bits of the capability set (capabilities(7)). */
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;

/** From util-linux, which every Debian and Ubuntu has: containers are started with them. */
const COMMANDS = ["unshare", "nsenter", "mount", "umount", "sh"];

/** How many ports are tried before one is demanded from the user. */
const PORT_TRIES = 200;

/** Resolves with the port that the API server will listen on. */
export async function preflight(config: LabConfig, paths: LabPaths): Promise<number> {
  requirePrivileges();
  checkWayBack();
  checkTun("/dev/net/tun");
  checkCommands();
  checkSocketPaths(config, paths);
  checkDisk(paths.directory);
  return config.apiPort === undefined ? freeApiPort(config.name) : checkPort(config);
}

/** Throws a LabError when this process may not make and remove network namespaces. */
export function requirePrivileges(): void {
  checkPrivileges(readFileSync("/proc/self/status", "utf8"));
}

export function checkPrivileges(status: string): void {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  const missing = Object.entries(CAPABILITIES).filter(([, bit]) => ((effective >> bit) & 1n) === 0n);
  if (missing.length === 0) return;
  const names = missing.map(([name]) => name).join(" and ");
  throw new LabError(`a lab needs ${names} for its network namespaces: run podwire as root (sudo)`);
}

/** A user namespace may give all capabilities, and yet none over the network namespace that we have to come back to. */
function checkWayBack(): void {
  const own = openNamespace(process.pid);
  try {
    inNamespace(own, () => {});
  } catch (error) {
    throw new LabError(
      "this user namespace does not own the network namespace that it runs in: run podwire as the machine's root",
      { cause: error },
    );
  } finally {
    closeNamespace(own);
  }
}

export function checkTun(path: string): void {
  try {
    closeSync(openSync(path, constants.O_RDWR));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LabError(
      `${path} cannot be opened (${code}): load the tun module (modprobe tun), or give the container the device (docker run --device /dev/net/tun)`,
    );
  }
}

function checkCommands(): void {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const missing = COMMANDS.filter(command => !folders.some(folder => isExecutable(join(folder, command))));
  if (missing.length === 0) return;
  throw new LabError(
    `not found in PATH: ${missing.join(", ")}: install them (sudo apt-get install util-linux mount)`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** sockaddr_un holds 107 bytes and a final zero (unix(7)). */
function checkSocketPaths(config: LabConfig, paths: LabPaths): void {
  for (const path of [paths.nodesSocket, paths.supervisorSocket]) {
    const bytes = Buffer.byteLength(path);
    if (bytes <= MAX_SOCKET_PATH_BYTES) continue;
    throw new LabError(
      `lab ${config.name}: the socket path ${path} has ${bytes} bytes, at most ${MAX_SOCKET_PATH_BYTES} are allowed: use a shorter --name or PODWIRE_RUN_DIR`,
    );
  }
}

export function checkDisk(directory: string): void {
  let path = dirname(directory);
  while (!existsSync(path)) path = dirname(path);
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  if (free >= MIN_FREE_BYTES) return;
  const megabytes = (bytes: number) => `${Math.floor(bytes / (1 << 20))} MB`;
  throw new LabError(
    `${path} has ${megabytes(free)} free, a lab needs ${megabytes(MIN_FREE_BYTES)}: make room, or set PODWIRE_RUN_DIR to a directory on another disk`,
  );
}

async function checkPort(config: LabConfig): Promise<number> {
  const port = config.apiPort!;
  if (await isFree(port)) return port;
  throw new LabError(
    `127.0.0.1:${port} (apiServer.port of lab ${config.name}) is in use by another process: stop it, or choose another port`,
  );
}

/** A lab usually gets the same port again: the search starts from a hash of its name (FNV-1a). */
async function freeApiPort(name: string): Promise<number> {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  for (let tried = 0; tried < PORT_TRIES; tried++) {
    const port = FIRST_API_PORT + ((hash + tried) % API_PORTS);
    if (await isFree(port)) return port;
  }
  throw new LabError(`no free port for the API server of lab ${name}: set apiServer.port in lab.yaml`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" || error.code === "EACCES" ? resolve(false) : reject(error),
    );
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
