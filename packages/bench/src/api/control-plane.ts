/** The real control plane in a process of its own, on a directory of its own, with clients and nodes to reach it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ApiClient } from "@podwire/client";
import { ClusterCertificates, readAdminFiles, readNodeFiles } from "@podwire/pki";
import { Children } from "../children.ts";
import { CONTROL_PLANE_READY_MS } from "../limits.ts";
import { memoryOf } from "../process-memory.ts";

const CLUSTER_CIDRS = "10.244.0.0/16,fd00:10:244::/56";
const SERVICE_CIDRS = "10.96.0.0/12,fd00:10:96::/112";

export class ControlPlane {
  readonly url: string;
  readonly nodesAddress: string;
  readonly #directory: string;
  readonly #children: Children;
  readonly #certificates: ClusterCertificates;
  readonly #pid: number;

  private constructor(
    url: string,
    directory: string,
    children: Children,
    certificates: ClusterCertificates,
    pid: number,
  ) {
    this.url = url;
    this.nodesAddress = `unix:${join(directory, "nodes.sock")}`;
    this.#directory = directory;
    this.#children = children;
    this.#certificates = certificates;
    this.#pid = pid;
  }

  /** Resolves when it serves. */
  static async start(signal: AbortSignal | undefined): Promise<ControlPlane> {
    const directory = mkdtempSync(join(tmpdir(), `podwire-bench-${process.pid}-`));
    const children = new Children(signal);
    try {
      const pki = join(directory, "pki");
      const certificates = await ClusterCertificates.create(pki, "bench", Date.now());
      await certificates.makeServersAndAdmin({ serviceCidrs: SERVICE_CIDRS.split(","), addresses: [] });
      const main = fileURLToPath(import.meta.resolve("@podwire/cli/program"));
      const words = [
        "control-plane",
        ...["--dir", join(directory, "control-plane")],
        ...["--listen", "127.0.0.1:0"],
        ...["--pki", pki],
        ...["--nodes-socket", join(directory, "nodes.sock")],
        ...["--cluster-cidr", CLUSTER_CIDRS],
        ...["--node-mask-size", "24,64"],
        ...["--service-cidr", SERVICE_CIDRS],
      ];
      // The line that says it is ready goes to a descriptor: here that of standard output.
      const command = ["env", "PODWIRE_READY_FD=1", process.execPath, main, ...words];
      const child = children.start({ name: "podwire control-plane", command });
      await child.printed('"ready":true', CONTROL_PLANE_READY_MS);
      const { api } = JSON.parse(child.printedSoFar);
      return new ControlPlane(api, directory, children, certificates, child.pid);
    } catch (error) {
      await children.close();
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get tls() {
    return readAdminFiles(join(this.#directory, "pki"));
  }

  client(): ApiClient {
    return new ApiClient({ url: this.url, tls: this.tls });
  }

  async nodeTls(name: string) {
    await this.#certificates.makeNode(name);
    return readNodeFiles(join(this.#directory, "pki"), name);
  }

  get residentMiB(): number {
    return (memoryOf(this.#pid)?.residentKiB ?? 0) / 1024;
  }

  async stop(): Promise<void> {
    await this.#children.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
