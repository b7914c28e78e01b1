/**
 * `podwire control-plane`: the process that holds the cluster's state. It composes, in this order, because each
 * needs the one before: the store, the registry, the controllers, the node streams, the API server. When all of them
 * serve it says so with one line on the descriptor PODWIRE_READY_FD: {"ready":true,"api":"https://127.0.0.1:6443"}.
 *
 * It keeps nothing but the store, so it may be killed at any moment and started again: nodes and clients come back
 * and go on where they were.
 */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, realpathSync, writeSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { createApiServer, EventBounds, openRegistry } from "@podwire/apiserver";
import { eventRecorder, Heartbeats, serveNodes } from "@podwire/apiserver/sync";
import {
  type ApiServerEndpoint,
  type NodeRanges,
  nodeRanges,
  type PoolOptions,
  registryApi,
  startControllers,
} from "@podwire/controllers";
import { closeNamespace, listeningSocket, openNamespace } from "@podwire/linux";
import { readServerFiles } from "@podwire/pki";
import { openLmdbStore, openMemoryStore, type Store } from "@podwire/store";
import { formatAddress } from "@podwire/wire/address";
import { addressCount, nthAddress, parseCidr } from "@podwire/wire/cidr";
import { type PortRange, parsePortRange } from "@podwire/wire/port-range";
import { CommandError, UsageError } from "../errors.ts";

export interface ControlPlaneOptions {
  /** Where the store is kept; made when it is not there. One control plane at a time. */
  dir: string;
  /** "127.0.0.1:6443"; port 0 takes any. */
  listen: string;
  /** A process whose network namespace the API server listens in as well, and where: the underlay of a lab. */
  underlayNamespace?: number;
  underlayListen?: readonly string[];
  /** Certificates and keys of the cluster. */
  pki: string;
  nodesSocket: string;
  /** One or two, of different families, and a node's prefix length of each, in the same order. */
  clusterCidr: readonly string[];
  nodeMaskSize: readonly number[];
  /** Of Services, in the same order. */
  serviceCidr: readonly string[];
  /** Of Services' ports on the nodes: "30000-32767". */
  nodePortRange?: string;
  /** JSON of the pools of load balancers, as lab.yaml has them. */
  loadBalancerPools?: readonly PoolOptions[];
  /** "memory" forgets everything when the process ends. */
  store?: "lmdb" | "memory";
}

const DNS_ADDRESS = 10;

type Log = (message: string) => void;
/** What was started, to be ended in the opposite order. */
type Endings = (() => unknown)[];

/** Runs until SIGTERM or SIGINT; resolves when everything has ended in order. Rejects when it cannot start. */
export async function runControlPlane(options: ControlPlaneOptions): Promise<void> {
  const log: Log = message => process.stderr.write(`${new Date().toISOString()} control-plane: ${message}\n`);
  const endings: Endings = [];
  const api = await start(options, log, endings);
  const stopped = new Promise<void>(resolve => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  log(`serves clients on ${api} and nodes on ${options.nodesSocket}`);
  announceReady(api);
  await stopped;
  for (const end of endings.reverse()) await end();
}

/** Returns the address of the API server. */
async function start(options: ControlPlaneOptions, log: Log, endings: Endings): Promise<string> {
  const ranges = rangesOf(options);
  const { host, port } = parseListen("--listen", options.listen);
  const underlay = (options.underlayListen ?? []).map(text => parseListen("--underlay-listen", text));
  const credentials = readServerFiles(options.pki, "apiserver");
  const lock = await lockDirectory(options.dir);
  const store = await openStore(options);
  endings.push(
    () => lock.close(),
    () => store.close(),
  );
  const registry = await openRegistry(store, undefined, {
    serviceCidrs: options.serviceCidr,
    nodePortRange: nodePortRangeOf(options),
  });
  // Who writes shows in managedFields: the names are those that a Kubernetes cluster has.
  const asController = registry.as("kube-controller-manager");
  const recordEvent = eventRecorder(asController, log);
  const heartbeats = new Heartbeats();
  const shared = { heartbeats, recordEvent, log };
  const eventBounds = new EventBounds({ registry, log });
  const [controllers] = await Promise.all([
    startControllers({
      ...shared,
      api: registryApi(asController),
      ranges,
      rootCa: credentials.clientAuthority,
      apiServer: serviceEndpoint(options.serviceCidr, underlay),
      serviceCidrs: options.serviceCidr,
      pools: options.loadBalancerPools,
      clusterDns: options.serviceCidr.flatMap(clusterDnsAddress),
    }),
    eventBounds.start(),
  ]);
  endings.push(
    () => eventBounds.stop(),
    () => controllers.stop(),
  );
  const nodes = await expected(
    serveNodes({
      ...shared,
      registry: registry.as("kubelet"),
      address: `unix:${options.nodesSocket}`,
      credentials: readServerFiles(options.pki, "node-server"),
      clusterCidrs: options.clusterCidr,
      serviceCidrs: options.serviceCidr,
    }),
  );
  const server = createApiServer({ registry, nodeStreams: nodes.streams, credentials, log });
  endings.push(
    () => nodes.close(),
    () => server.close(),
  );
  const listening = await expected(server.listen(port, host));
  for (const endpoint of underlay) {
    await expected(server.listenOn(listenInNamespace(options.underlayNamespace, endpoint)));
  }
  return `https://${host.includes(":") ? `[${host}]` : host}:${listening}`;
}

function nodePortRangeOf({ nodePortRange }: ControlPlaneOptions): PortRange | undefined {
  const range = nodePortRange === undefined ? undefined : parsePortRange(nodePortRange);
  if (nodePortRange === undefined || range !== undefined) return range;
  throw new UsageError(`--node-port-range: "${nodePortRange}" is no range of ports, such as 30000-32767`);
}

function rangesOf({ clusterCidr, nodeMaskSize }: ControlPlaneOptions): NodeRanges {
  const maskSize = (isFamily: (cidr: string) => boolean, otherwise: number) =>
    nodeMaskSize[clusterCidr.findIndex(isFamily)] ?? otherwise;
  const ipv4 = maskSize(cidr => !cidr.includes(":"), 24);
  const ipv6 = maskSize(cidr => cidr.includes(":"), 64);
  try {
    return nodeRanges({ clusterCidrs: clusterCidr, nodeMaskSizes: { ipv4, ipv6 } });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

function parseListen(option: string, listen: string): Endpoint {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  if (!match || port > 65535) {
    throw new UsageError(`${option}: "${listen}" is no address and port; write it like 127.0.0.1:6443`);
  }
  return { host: (match[1] ?? match[2])!, port };
}

/** Where Pods reach the API server, in the primary family of Services if the underlay has it. */
function serviceEndpoint(
  [primary = ""]: readonly string[],
  underlay: readonly Endpoint[],
): ApiServerEndpoint | undefined {
  const cidr = parseCidr(primary);
  if (cidr === undefined)
    throw new UsageError(`--service-cidr: "${primary}" is no CIDR, such as 10.96.0.0/12`);
  const endpoint = underlay.find(({ host }) => host.includes(":") === (cidr.family === 6));
  if (endpoint === undefined) return undefined;
  const { host: address, port } = endpoint;
  return { clusterIP: formatAddress(nthAddress(cidr, 1)), address, port };
}

/** The tenth address of a family's Services, as kubeadm gives it; none of a range that has no tenth. */
function clusterDnsAddress(serviceCidr: string): string[] {
  const cidr = parseCidr(serviceCidr);
  return cidr && addressCount(cidr) > DNS_ADDRESS + 1 ? [formatAddress(nthAddress(cidr, DNS_ADDRESS))] : [];
}

/** The socket belongs to the namespace that it was opened in, whichever its process is in. Returns the descriptor. */
function listenInNamespace(pid: number | undefined, { host, port }: Endpoint): number {
  try {
    const namespace = openNamespace(pid ?? "self");
    try {
      return listeningSocket(host, port, namespace);
    } finally {
      closeNamespace(namespace);
    }
  } catch (error) {
    throw new CommandError(`--underlay-listen: ${(error as Error).message}`, undefined, { cause: error });
  }
}

/**
 * One control plane a directory: an abstract unix socket (unix(7)) named after it, which the kernel takes back
 * however the process ends.
 */
async function lockDirectory(dir: string): Promise<Server> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const name = createHash("sha256").update(realpathSync(dir)).digest("hex");
  const lock = createServer();
  await new Promise<void>((resolve, reject) => {
    lock.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") return reject(error);
      reject(
        new CommandError(`${dir} is in use by another control plane: stop it, or use another directory`),
      );
    });
    lock.listen(`\0podwire-control-plane-${name}`, resolve);
  });
  return lock.unref();
}

function openStore({ dir, store = "lmdb" }: ControlPlaneOptions): Promise<Store> | Store {
  return store === "memory" ? openMemoryStore() : openLmdbStore(join(dir, "store"));
}

/** What the machine may refuse, such as a port in use: its message says the way out. */
async function expected<T>(start: Promise<T>): Promise<T> {
  try {
    return await start;
  } catch (error) {
    throw new CommandError((error as Error).message, undefined, { cause: error });
  }
}

/** Whoever started this process waits for a line on the descriptor named by PODWIRE_READY_FD. */
function announceReady(api: string): void {
  const fd = Number(process.env.PODWIRE_READY_FD);
  if (!fd) return;
  writeSync(fd, `${JSON.stringify({ ready: true, api })}\n`);
  closeSync(fd);
}
