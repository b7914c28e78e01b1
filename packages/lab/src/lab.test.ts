/** Labs with fake daemons (`testing/fake-daemon.ts`): real processes, namespaces and files, no pods of Podwire. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MEMBER_VARIABLE } from "@podwire/runtime/membership";
import { findMembers } from "./down/members.ts";
import {
  defaultLabConfig,
  isAlive,
  knownLabs,
  type Lab,
  type LabConfig,
  labPaths,
  openLab,
  type Program,
  parseLabConfig,
  readState,
  startLab,
  takeDown,
} from "./index.ts";
import { isOwn } from "./state/directory.ts";
import { environmentVariable, networkNamespace } from "./state/identity.ts";
import { NO_TRACES, removeOrphans, tracesOf } from "./testing/machine.ts";

const FAKE = fileURLToPath(new URL("testing/fake-daemon.js", import.meta.url));
const PROGRAM: Program = { command: process.execPath, arguments: [FAKE] };

describe("lab", function () {
  this.timeout(30_000);
  const prefix = join(tmpdir(), "podwire-lab-test-");
  const base = `${prefix}${process.pid}`;
  let counter = 0;
  let outerRunDirectory: string | undefined;

  const config = (more: Partial<LabConfig> = {}): LabConfig => ({
    ...defaultLabConfig(`test-${process.pid}-${counter++}`, 2),
    ...more,
  });

  /** Daemons inherit the environment of the moment in which they start. */
  async function withFaults<T>(faults: string, task: () => Promise<T>): Promise<T> {
    process.env.FAKE_FAULTS = faults;
    try {
      return await task();
    } finally {
      delete process.env.FAKE_FAULTS;
    }
  }

  before(() => removeOrphans(prefix));

  beforeEach(() => {
    outerRunDirectory = process.env.PODWIRE_RUN_DIR;
    process.env.PODWIRE_RUN_DIR = base;
  });

  afterEach(async () => {
    for (const name of await knownLabs()) await takeDown(name);
    if (outerRunDirectory === undefined) delete process.env.PODWIRE_RUN_DIR;
    else process.env.PODWIRE_RUN_DIR = outerRunDirectory;
    rmSync(base, { recursive: true, force: true });
  });

  function assertNothingLeft(name: string): void {
    assert.deepEqual(tracesOf(labPaths(name).directory, base), NO_TRACES);
    assert(!existsSync(base), `${base} is still there`);
  }

  it("comes up, says what it does, and goes without a trace", async () => {
    const steps: string[] = [];
    const lab = await startLab(config(), {
      program: PROGRAM,
      listen: starting => starting.events.on("step", text => steps.push(text)),
    });
    assert.deepEqual(steps.slice(0, 3), [
      "starting the control plane",
      "making the underlay and 2 nodes",
      "starting the node daemons",
    ]);
    assert.equal(steps.at(-1), "nodes Ready: 2 of 2");
    const state = readState(lab.config.name);
    assert.equal(state.phase, "Ready");
    assert.deepEqual(
      state.daemons.map(daemon => [daemon.name, isAlive(daemon.identity!)]),
      [
        ["control-plane", true],
        ["node-1", true],
        ["node-2", true],
      ],
    );
    assert.equal(networkNamespace(lab.pidOf("node-1")!), state.nodes[0]!.namespace);
    assert.equal(networkNamespace(lab.pidOf("control-plane")!), networkNamespace(process.pid));
    // Whoever takes a lab down finds a holder before it has become one.
    const { pid } = state.nodes[0]!.holder;
    assert.equal(environmentVariable(pid, MEMBER_VARIABLE), `${lab.paths.directory}:network`);
    const traces = tracesOf(lab.paths.directory, base);
    assert.deepEqual(traces.hostDevices, [], "the host sees no device of a lab");
    // Control plane, two daemons, two pods of a holder and a container, and the holders of three hosts.
    assert.equal(traces.members, 3 + 4 + 3);
    await lab.down();
    assertNothingLeft(lab.config.name);
  });

  it("hosts outside that lab.yaml names are there from the start, and go with the lab", async () => {
    const lab = await startLab(config({ outside: ["client", "other"] }), { program: PROGRAM });
    const [client, other] = lab.topology.outside;
    assert.deepEqual(client?.addresses, ["172.30.0.2", "fd00:172:30::2"]);
    const view = await openLab(lab.config.name);
    for (const address of [...other!.addresses, ...lab.topology.nodes[1]!.addresses]) {
      const echo = await view.netnsOfOutside("client").exec(...reach(address));
      assert.equal(echo.stdout, "reached\n", echo.stderr);
    }
    assert.throws(
      () => view.netnsOfOutside("nobody"),
      /has no outside host nobody \(it has: client, other\)/,
    );
    const attached = await lab.attachOutside("third");
    assert.deepEqual(attached.addresses, ["172.30.0.4", "fd00:172:30::4"]);
    assert.equal(isAlive(client!.holder), true);
    await lab.down();
    assert.equal(isAlive(client!.holder), false);
    assertNothingLeft(lab.config.name);
  });

  it("nodes reach each other and hosts outside, over IPv4 and IPv6, at the underlay's MTU", async () => {
    const nodes = [
      { name: "a", labels: {}, taints: [], underlayMtu: 9000 },
      { name: "b", labels: {}, taints: [], underlayMtu: 1400 },
    ];
    const lab = await startLab(config({ nodes, underlayMtu: 9000 }), { program: PROGRAM });
    const outside = await lab.attachOutside("internet");
    assert.deepEqual(outside.addresses, ["172.30.0.2", "fd00:172:30::2"]);
    for (const address of ["172.30.0.12", "fd00:172:30::c", "172.30.0.11"]) {
      const echo = await (await openLab(lab.config.name)).netnsOfNode("a").exec(...reach(address));
      assert.equal(echo.stdout, "reached\n", echo.stderr);
      const fromOutside = await outside.exec(...reach(address));
      assert.equal(fromOutside.stdout, "reached\n", fromOutside.stderr);
    }
    const mtu = await lab.netnsOfNode("b").exec("cat", "/proc/sys/net/ipv6/conf/eth0/mtu");
    assert.equal(mtu.stdout.trim(), "1400");
    outside.close();
    const again = await lab.attachOutside("internet");
    assert.deepEqual(again.addresses, outside.addresses, "a closed host's place is free again");
    await lab.down();
    assertNothingLeft(lab.config.name);
  });

  /** An address that is there refuses a TCP connection at once; one that is not takes seconds. */
  function reach(address: string): [string, ...string[]] {
    const script = `require("node:net").connect(9, "${address}").on("error", e => { console.log(e.code === "ECONNREFUSED" ? "reached" : e.code); })`;
    return [process.execPath, "-e", script];
  }

  it("starts daemons again that were killed, in the same namespace, and says so", async () => {
    const lab = await startLab(config(), { program: PROGRAM });
    const deaths: unknown[] = [];
    lab.events.on("died", (...death) => deaths.push(death));
    for (const daemon of ["node-1", "control-plane"]) {
      const pid = lab.pidOf(daemon)!;
      const namespace = networkNamespace(pid);
      const restarted = lab.restarted(daemon);
      await lab.kill(daemon);
      await restarted;
      assert.notEqual(lab.pidOf(daemon), pid);
      assert.equal(networkNamespace(lab.pidOf(daemon)!), namespace);
      const state = readState(lab.config.name).daemons.find(each => each.name === daemon)!;
      assert.deepEqual([state.identity!.pid, state.restarts], [lab.pidOf(daemon), 1]);
    }
    assert.deepEqual(deaths, [
      ["node-1", "killed by SIGKILL", 0],
      ["control-plane", "killed by SIGKILL", 0],
    ]);
    await lab.down();
    assertNothingLeft(lab.config.name);
  });

  it("backs off from a daemon that keeps dying", async () => {
    const lab = await startLab(config(), { program: PROGRAM });
    const delays: number[] = [];
    await withFaults("node-2=loop", async () => {
      const third = new Promise<void>(resolve => {
        lab.events.on("died", (_, __, delayMs) => {
          delays.push(delayMs);
          if (delays.length === 3) resolve();
        });
      });
      await lab.kill("node-2");
      await third;
    });
    assert.deepEqual(delays, [0, 100, 200]);
    await lab.down();
    assertNothingLeft(lab.config.name);
  });

  const failures = [
    [
      "node-2=crash",
      /node-2: ended before it was ready \(exit code 3\).*\n {2}node-2 starts\n {2}node-2 cannot go on/,
    ],
    ["control-plane=crash", /control-plane: ended before it was ready \(exit code 3\)/],
    [
      "node-1=unready",
      /^after 1 s these nodes are not Ready: node-1\nthe end of .*node-1\.log:\n {2}node-1 starts/,
    ],
  ] as const;
  for (const [fault, message] of failures) {
    it(`a start that fails (${fault}) leaves nothing`, async () => {
      const failing = config();
      await withFaults(fault, () =>
        assert.rejects(startLab(failing, { program: PROGRAM, waitTimeoutMs: 1000 }), {
          name: "LabError",
          message,
        }),
      );
      assertNothingLeft(failing.name);
    });
  }

  it("a start that is interrupted leaves nothing", async () => {
    for (const moment of ["starting the control plane", "starting the node daemons", "nodes Ready: 0 of 2"]) {
      const interrupted = config();
      const abort = new AbortController();
      await withFaults("node-1=unready,node-2=unready", () =>
        assert.rejects(
          startLab(interrupted, {
            program: PROGRAM,
            signal: abort.signal,
            listen: lab => lab.events.on("step", text => text === moment && abort.abort()),
          }),
          { name: "LabStopped" },
        ),
      );
      assertNothingLeft(interrupted.name);
    }
  });

  it("a daemon that ignores SIGTERM delays the end, and is killed", async () => {
    const deaf = config();
    const lab = await withFaults("node-1=deaf", () => startLab(deaf, { program: PROGRAM }));
    await lab.down();
    assertNothingLeft(deaf.name);
  });

  it("those who are tired of waiting for it force the end", async () => {
    const deaf = config();
    const lab = await withFaults("node-1=deaf,node-2=deaf", () => startLab(deaf, { program: PROGRAM }));
    const deaths = [lab.pidOf("node-1")!, lab.pidOf("node-2")!];
    const gone = lab.down();
    lab.force();
    await gone;
    assert(deaths.every(pid => !existsSync(`/proc/${pid}/exe`)));
    assertNothingLeft(deaf.name);
  });

  it("`down` of another process stops a start that still waits", async () => {
    const starting = config();
    const failed = withFaults("node-1=unready", () => {
      const start = startLab(starting, {
        program: PROGRAM,
        listen: lab =>
          lab.events.on("step", text => text.startsWith("nodes Ready: 1") && void takeDown(starting.name)),
      });
      return assert.rejects(start, { name: "LabStopped" });
    });
    await failed;
    assertNothingLeft(starting.name);
  });

  it("refuses a name that is up, or left behind, and says the way out", async () => {
    const lab = await startLab(config(), { program: PROGRAM });
    const { name } = lab.config;
    await assert.rejects(startLab(lab.config, { program: PROGRAM }), {
      name: "LabError",
      message: `lab ${name} is already up: take it down with "podwire down --name ${name}", or use another --name`,
    });
    assert.equal(readState(name).phase, "Ready", "the one that is up is untouched");
    await lab.down();
    mkdirSync(labPaths(name).directory, { recursive: true });
    await assert.rejects(
      startLab(lab.config, { program: PROGRAM }),
      /was left behind in .*remove it with "podwire down/,
    );
    const somebody = 65_534;
    assert.deepEqual([isOwn(labPaths(name)), isOwn(labPaths(name), somebody)], [true, false]);
  });

  it("of two starts of one name at once, one wins", async () => {
    const contested = config();
    const starts = await Promise.allSettled([1, 2, 3].map(() => startLab(contested, { program: PROGRAM })));
    const won = starts.filter(start => start.status === "fulfilled");
    assert.equal(won.length, 1);
    await won[0]!.value.down();
    assertNothingLeft(contested.name);
  });

  it("refuses a port in use, a name that is no name, a run directory that is too deep", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await assert.rejects(startLab(config({ apiPort: port }), { program: PROGRAM }), {
      message: new RegExp(
        `127\\.0\\.0\\.1:${port} \\(apiServer\\.port of lab .*\\) is in use.*choose another port`,
      ),
    });
    server.close();
    await assert.rejects(
      startLab(config({ name: "../escape" }), { program: PROGRAM }),
      /cannot be the name of a lab/,
    );
    await assert.rejects(takeDown("../escape"), /cannot be the name of a lab/);
    process.env.PODWIRE_RUN_DIR = join(base, "x".repeat(90));
    await assert.rejects(
      startLab(config(), { program: PROGRAM }),
      /the socket path .* has \d+ bytes, at most 107/,
    );
    process.env.PODWIRE_RUN_DIR = base;
    assert(!existsSync(base));
  });

  describe("after a crash of its supervisor", () => {
    /** A lab in a process of its own, as `podwire up` is one. */
    async function startElsewhere(labConfig: LabConfig): Promise<{ pid: number; kill: () => Promise<void> }> {
      const script = `
        import { startLab } from ${JSON.stringify(new URL("index.js", import.meta.url).href)};
        await startLab(${JSON.stringify(labConfig)}, { program: ${JSON.stringify(PROGRAM)} });
        console.log("ready");
        setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ready = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
      assert.equal(String(ready[0]), "ready\n", "the process that should make a lab ended");
      const kill = async () => {
        child.kill("SIGKILL");
        await once(child, "exit");
      };
      return { pid: child.pid!, kill };
    }

    it("down removes everything: daemons, holders, pods, files", async () => {
      const crashed = config();
      const elsewhere = await startElsewhere(crashed);
      await elsewhere.kill();
      const { daemons } = readState(crashed.name);
      assert(
        daemons.every(daemon => isAlive(daemon.identity!)),
        "daemons outlive their supervisor",
      );
      assert.equal(await takeDown(crashed.name), true);
      assertNothingLeft(crashed.name);
      assert.equal(await takeDown(crashed.name), false, "the second time there is nothing to do");
    });

    it("down needs no lab.json, and no directory either", async () => {
      for (const damage of [
        (path: string) => writeFileSync(path, "{"),
        (path: string) => rmSync(path),
        (path: string) => rmSync(join(path, ".."), { recursive: true }),
      ]) {
        const crashed = config();
        await (await startElsewhere(crashed)).kill();
        damage(labPaths(crashed.name).state);
        assert.deepEqual(await knownLabs(), [crashed.name]);
        await takeDown(crashed.name);
        assertNothingLeft(crashed.name);
      }
    });

    it("down finds a container that alone is left", async () => {
      const crashed = config();
      await (await startElsewhere(crashed)).kill();
      const { directory } = labPaths(crashed.name);
      const containers = () => findMembers(directory).filter(({ pid }) => readCommand(pid) === "sleep 1000");
      assert.equal(containers().length, 2);
      for (const { pid } of findMembers(directory))
        if (readCommand(pid) !== "sleep 1000") process.kill(pid, "SIGKILL");
      assert.equal(containers().length, 2);
      await takeDown(crashed.name);
      assertNothingLeft(crashed.name);
    });

    function readCommand(pid: number): string {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
    }

    it("down spares what merely mentions the lab", async () => {
      const crashed = config();
      await (await startElsewhere(crashed)).kill();
      const bystander = spawn(
        "sh",
        ["-c", "sleep 1000 # $1", "sh", `${labPaths(crashed.name).directory}/lab.json`],
        {
          stdio: "ignore",
        },
      );
      await takeDown(crashed.name);
      assert.equal(bystander.exitCode, null);
      assert.equal(bystander.signalCode, null);
      bystander.kill("SIGKILL");
      await once(bystander, "exit");
      assertNothingLeft(crashed.name);
    });

    it("down unmounts what was mounted under the lab, and never removes what is mounted there", async () => {
      const crashed = config();
      await (await startElsewhere(crashed)).kill();
      const treasure = join(base, "..", `podwire-treasure-${process.pid}`);
      mkdirSync(treasure);
      writeFileSync(join(treasure, "gold"), "");
      const point = join(labPaths(crashed.name).directory, "with space");
      mkdirSync(point);
      assert.equal(spawnSync("mount", ["--bind", treasure, point]).status, 0);
      await takeDown(crashed.name);
      assert.deepEqual(readdirSync(treasure), ["gold"]);
      rmSync(treasure, { recursive: true });
      assertNothingLeft(crashed.name);
    });

    it("several downs at once agree", async () => {
      const crashed = config();
      await (await startElsewhere(crashed)).kill();
      await Promise.all([takeDown(crashed.name), takeDown(crashed.name), takeDown(crashed.name)]);
      assertNothingLeft(crashed.name);
    });

    it("down asks a supervisor that lives, and it goes along", async () => {
      const living = config();
      const elsewhere = await startElsewhere(living);
      await takeDown(living.name);
      const paths = labPaths(living.name);
      assert.deepEqual(findMembers(paths.directory), []);
      await elsewhere.kill();
      assertNothingLeft(living.name);
    });
  });

  it("two labs live side by side with the same addresses", async () => {
    const labs: Lab[] = await Promise.all([1, 2].map(() => startLab(config(), { program: PROGRAM })));
    assert.notEqual(labs[0]!.apiUrl, labs[1]!.apiUrl);
    assert.deepEqual(labs[0]!.topology.nodes[0]!.addresses, labs[1]!.topology.nodes[0]!.addresses);
    await labs[0]!.down();
    assert.equal((await labs[1]!.client.list((await import("@podwire/api")).kinds.nodes)).items.length, 2);
    await labs[1]!.down();
    assertNothingLeft(labs[1]!.config.name);
  });

  it("an underlay of one family is enough, and IPv6 may carry the overlay", async () => {
    const yaml = JSON.stringify({
      apiVersion: "podwire.dev/v1alpha1",
      kind: "Cluster",
      metadata: { name: `test-${process.pid}-v6` },
      nodes: [{ name: "only" }],
      underlay: { cidrs: ["fd00:172:30::/64"] },
    });
    const lab = await startLab(parseLabConfig(yaml, "lab.yaml"), { program: PROGRAM });
    assert.deepEqual(lab.topology.nodes[0]!.addresses, ["fd00:172:30::b"]);
    await lab.down();
    assertNothingLeft(lab.config.name);
  });
});
