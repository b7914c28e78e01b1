/**
 * Addresses of load balancers on the underlay: one node answers for each, and when it dies or hangs another does, before
 * the control plane has even noticed. The client outside opens one connection after another all the time.
 */
import assert from "node:assert/strict";
import { kinds, type Node, type Service, type ServiceSpec } from "@podwire/api";
import { until } from "@podwire/lab";
import { expectSuccess, host, podManifest, runServers, useLab } from "./lab.ts";

/** Prints one line for each connection that was opened, 40 a second, until it is killed. */
const KNOCK = `
  const [address] = process.argv.slice(1);
  setInterval(() => {
    const socket = require("net").connect(80, address, () => { console.log("open"); socket.destroy(); });
    socket.setTimeout(300, () => socket.destroy()).on("error", () => {});
  }, 25);
`;

/** Connections in a row that say that the way is open again. */
const ENOUGH = 20;

describe("journey: announcement of load balancers", function () {
  this.timeout(90_000);
  const context = useLab({ outside: [{ name: "client" }] });
  /** By address, of both families. */
  let owners: Map<string, string>;

  const client = async (line: string) =>
    expectSuccess(line, await context.lab.netnsOfOutside("client").exec("sh", "-c", line));

  async function macOf(node: string): Promise<string> {
    const { stdout } = await context.lab.netnsOfNode(node).exec("ip", "-o", "link", "show", "eth0");
    return /ether (\S+)/.exec(stdout)![1]!;
  }

  /** The node that the client believes to have an address, which it asks for anew. */
  async function ownerOf(address: string): Promise<string> {
    await client(
      `ip neigh flush to ${address}; curl -sS -g -m 2 --retry 20 --retry-all-errors --retry-delay 0 http://${host(address)}/hostname`,
    );
    return believed(address);
  }

  /** Nodes hear of a new address at different moments, so the first to announce it may not be the one that does. */
  async function settledOwnerOf(address: string): Promise<string> {
    for (let before = await ownerOf(address), same = 0; ; ) {
      const now = await ownerOf(address);
      same = now === before ? same + 1 : 0;
      if (same === 3) return now;
      before = now;
    }
  }

  async function believed(address: string): Promise<string> {
    const told = await client(`ip neigh show ${address}`);
    for (const { name } of context.lab.config.nodes) if (told.includes(await macOf(name))) return name;
    throw new Error(`nobody has ${address}: ${told}`);
  }

  /** Resolves when nobody tells the client where the address is. */
  async function unanswered(address: string): Promise<void> {
    const ask = `ip neigh flush to ${address}; ping -c 1 -W 1 ${address} >/dev/null`;
    await client(`until ${ask}; ip neigh show ${address} | grep -qE 'FAILED|INCOMPLETE'; do :; done`);
  }

  async function serve(name: string, spec: Partial<ServiceSpec> = {}): Promise<string[]> {
    await context.lab.client.create(kinds.services, {
      metadata: { name, namespace: "default" },
      spec: {
        type: "LoadBalancer",
        ipFamilyPolicy: "RequireDualStack",
        selector: { app: "server" },
        ports: [{ port: 80, targetPort: 8080, protocol: "TCP" }],
        ...spec,
      } as ServiceSpec,
    });
    const ingress = await until(
      context.lab.client,
      kinds.services,
      { namespace: "default" },
      (services: Service[]) =>
        services.find(({ metadata }) => metadata.name === name)?.status.loadBalancer?.ingress,
      () => `Service ${name} has no address of a load balancer`,
    );
    return ingress.map(({ ip }) => ip!);
  }

  /** Knocks while `disturb` is under way, and until it is answered again. Returns the longest silence. */
  async function knocking(address: string, disturb: () => Promise<void>, isOver: () => Promise<boolean>) {
    const { pid } = context.lab.netnsOfOutside("client");
    const { spawn } = await import("node:child_process");
    const child = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, "node", "-e", KNOCK, address], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let opened = 0;
    let lastMs = performance.now();
    let silenceMs = 0;
    child.stdout.on("data", (lines: Buffer) => {
      opened += lines.toString().split("\n").length - 1;
      silenceMs = Math.max(silenceMs, performance.now() - lastMs);
      lastMs = performance.now();
    });
    const more = async () => {
      for (const enough = opened + ENOUGH; opened < enough; ) {
        assert.equal(child.exitCode, null);
        await new Promise(resolve => child.stdout.once("data", resolve));
      }
    };
    try {
      await more();
      silenceMs = 0;
      await disturb();
      while (!(await isOver())) await more();
      await more();
      return silenceMs;
    } finally {
      child.kill("SIGKILL");
    }
  }

  before(async function () {
    this.timeout(90_000);
    const pod = podManifest("server", { node: "node-1" });
    Object.assign(pod.metadata, { labels: { app: "server" } });
    await runServers(context.lab, [pod]);
    owners = new Map();
    for (const name of ["a", "b", "c", "d"]) {
      for (const address of await serve(name)) owners.set(address, "");
    }
    for (const address of owners.keys()) owners.set(address, await settledOwnerOf(address));
  });

  /** An address that a node without the server announces. */
  const elsewhere = (family: "IPv4" | "IPv6") => {
    const found = [...owners].find(
      ([address, owner]) => owner !== "node-1" && address.includes(":") === (family === "IPv6"),
    );
    return found!;
  };

  it("is spread over nodes, and each address is answered for by one", async () => {
    assert.ok(new Set(owners.values()).size > 1, [...owners.values()].join());
    for (const [address, owner] of owners) {
      for (let round = 0; round < 3; round++) assert.equal(await ownerOf(address), owner);
    }
  });

  for (const family of ["IPv4", "IPv6"] as const) {
    it(`${family}: a node that hangs is replaced before the control plane notices, and comes back`, async () => {
      const { lab } = context;
      const [address, owner] = elsewhere(family);
      const daemon = lab.pidOf(owner)!;
      let ready: string | undefined;
      try {
        const silenceMs = await knocking(
          address,
          async () => void process.kill(daemon, "SIGSTOP"),
          async () => {
            if ((await believed(address)) === owner) return false;
            const node: Node = await lab.client.get(kinds.nodes, { name: owner });
            ready ??= node.status.conditions?.find(({ type }) => type === "Ready")?.status;
            return true;
          },
        );
        assert.equal(ready, "True", `${owner} was NotReady before its address was taken over`);
        console.log(`      silence of ${Math.round(silenceMs)} ms`);
      } finally {
        process.kill(daemon, "SIGCONT");
      }
      await knocking(
        address,
        async () => {},
        async () => (await believed(address)) === owner,
      );
      assert.equal(await ownerOf(address), owner);
    });

    it(`${family}: a daemon that is killed hands over, and has its address again when it is back`, async () => {
      const { lab } = context;
      const [address, owner] = elsewhere(family);
      const restarted = lab.restarted(owner);
      const silenceMs = await knocking(
        address,
        () => lab.kill(owner),
        async () => {
          await restarted;
          return (await believed(address)) === owner;
        },
      );
      console.log(`      silence of ${Math.round(silenceMs)} ms`);
      assert.equal(await ownerOf(address), owner);
    });
  }

  it("of a Service of externalTrafficPolicy Local the node with the endpoint answers, without one nobody", async () => {
    const [address] = await serve("local", { externalTrafficPolicy: "Local" });
    assert.equal(await settledOwnerOf(address!), "node-1");
    await context.lab.client.mutate(kinds.services, { namespace: "default", name: "local" }, ({ spec }) => {
      spec.selector = { app: "nobody" };
    });
    await unanswered(address!);
  });

  it("an address that is taken from its Service is answered for by nobody", async () => {
    const [address] = owners.keys();
    await context.lab.client.mutate(kinds.services, { namespace: "default", name: "a" }, ({ spec }) => {
      spec.type = "ClusterIP";
    });
    await unanswered(address!);
  });
});
