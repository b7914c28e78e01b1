/**
 * What survives which death: the node daemon's, the control plane's, and what the lab leaves behind when all of
 * it dies.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { kinds, type Pod } from "@podwire/api";
import { ipv4Of, ipv6Of, podManifest, runPods, sh, useLab } from "./lab.ts";

/** Sends a counter every 20 ms and expects each one back; prints a line a second, and the first failure. */
const TALKER = `
  const socket = require("net").connect(+process.argv[2], process.argv[1]);
  let sent = 0, seen = 0, rest = "";
  socket.on("connect", () => setInterval(() => socket.write(++sent + "\\n"), 20));
  socket.on("data", text => {
    const lines = (rest + text).split("\\n");
    rest = lines.pop();
    for (const line of lines) if (+line !== ++seen) { console.log("wrong", line, seen); process.exit(1); }
    if (seen % 10 === 0) console.log("seen", seen);
  });
  socket.on("error", error => { console.log("error", error.code); process.exit(1); });
  socket.on("close", () => { console.log("closed"); process.exit(1); });`;

const ECHO = `require("net").createServer(socket => { socket.on("error", () => {}); socket.pipe(socket); }).listen(7000, "::")`;

describe("journey: faults", function () {
  this.timeout(90_000);
  const context = useLab({ nodes: [{ namePrefix: "node-", count: 2 }] });
  let echo: Pod;

  before(async () => {
    [echo] = (await runPods(context.lab, [
      podManifest("echo", { node: "node-2", image: "node", command: [process.execPath, "-e", ECHO] }),
      podManifest("talker", { node: "node-1" }),
    ])) as [Pod];
  });

  for (const [what, daemons] of [
    ["the daemons of both nodes", ["node-1", "node-2"]],
    ["the control plane", ["control-plane"]],
  ] as const) {
    for (const [family, of] of [
      ["IPv4", ipv4Of],
      ["IPv6", ipv6Of],
    ] as const) {
      it(`${family}: an open TCP connection lives through kill -9 of ${what}`, async () => {
        const talker = await connection(of(echo));
        try {
          await talker.seen(20);
          for (const daemon of daemons) {
            const restarted = context.lab.restarted(daemon);
            await context.lab.kill(daemon);
            await restarted;
          }
          await talker.seen(100);
        } finally {
          talker.end();
        }
      });
    }
  }

  it("a pod that ran before its daemon died keeps its processes, address and log, and can be deleted after", async () => {
    const [before] = await runPods(context.lab, [podManifest("survivor", { node: "node-1" })]);
    const startOf = () => sh(context.lab, "survivor", "cut -d' ' -f22 /proc/1/stat");
    const start = await startOf();
    const restarted = context.lab.restarted("node-1");
    await context.lab.kill("node-1");
    await restarted;
    assert.equal(await startOf(), start);
    const after = await context.lab.client.get(kinds.pods, { namespace: "default", name: "survivor" });
    assert.deepEqual(after.status.podIPs, before!.status.podIPs);
    assert.equal(after.status.containerStatuses![0]!.restartCount, 0);
    await context.lab.client.delete(kinds.pods, { namespace: "default", name: "survivor" });
  });

  it("an acknowledged write survives kill -9 of the control plane", async () => {
    const created = await context.lab.client.create(
      kinds.pods,
      podManifest("written", { image: "pause", args: [] }),
    );
    const restarted = context.lab.restarted("control-plane");
    await context.lab.kill("control-plane");
    await restarted;
    const found = await context.lab.client.get(kinds.pods, { namespace: "default", name: "written" });
    assert.equal(found.metadata.uid, created.metadata.uid);
  });

  /** A connection from the talker's network namespace to `address`. */
  async function connection(address: string) {
    const { pid } = await context.lab.netnsOfPod({ name: "talker" });
    const child = spawn(
      "nsenter",
      [`--net=/proc/${pid}/ns/net`, "--", process.execPath, "-e", TALKER, address, "7000"],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const lines = createInterface(child.stdout);
    const exited = once(child, "exit").then(() => {
      throw new Error("the connection ended");
    });
    exited.catch(() => {});
    let last = 0;
    return {
      /** Resolves when `more` further numbers have come back. */
      seen: (more: number) => {
        const target = last + more;
        const done = new Promise<void>((resolve, reject) => {
          const look = (line: string) => {
            if (!line.startsWith("seen ")) return reject(new Error(line));
            last = Number(line.slice(5));
            if (last < target) return;
            lines.off("line", look);
            resolve();
          };
          lines.on("line", look);
        });
        return Promise.race([done, exited]);
      },
      end: () => child.kill("SIGKILL"),
    };
  }
});
