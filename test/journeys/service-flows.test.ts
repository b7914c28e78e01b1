/**
 * Flows to Services through change and restart: one UDP socket that never pauses, and connections on which the backend
 * speaks first. Who answers is always one who may; how long nobody does is measured by `podwire bench services`.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type EndpointSlice, kinds, type Pod, type Service } from "@podwire/api";
import { ipv4Of, ipv6Of, podManifest, runPods, useLab } from "./lab.ts";

/** UDP: answers with its name and what it was asked. TCP: says its name each 20 ms, and nobody says anything to it. */
const SERVER = `
  const name = require("os").hostname();
  const udp = require("dgram").createSocket({ type: "udp6" });
  udp.on("message", (asked, { port, address }) => udp.send(name + " " + asked, port, address)).bind(9000, "::");
  require("net").createServer(socket => {
    const timer = setInterval(() => socket.write(name + "\\n"), 20);
    socket.on("error", () => {}).on("close", () => clearInterval(timer));
  }).listen(9000, "::");`;

/** Asks from one UDP port every 5 ms, whatever happens; says "name number" when another answers, and of every 50th answer. */
const ASKER = `
  const [address, port] = process.argv.slice(1);
  const socket = require("dgram").createSocket(address.includes(":") ? "udp6" : "udp4");
  let last = "", answers = 0, asked = 0;
  socket.on("error", () => {}).on("message", answer => {
    const [name] = String(answer).split(" ");
    if (name !== last || ++answers % 50 === 0) console.log(String(answer));
    last = name;
  });
  setInterval(() => socket.send(String(++asked), Number(port), address), 5);`;

/** Connects and listens; says who speaks, and how it ended. */
const LISTENER = `
  const [address, port] = process.argv.slice(1);
  const socket = require("net").connect(Number(port), address);
  socket.on("data", text => console.log(String(text).trim().split("\\n")[0]));
  socket.on("error", error => console.log(error.code)).on("close", () => console.log("closed"));`;

/** Who got the questions, in the order of these: an answer may be late. */
function namesInOrder(lines: readonly string[]): string {
  const answers = lines.map(line => line.split(" ")).sort((one, other) => Number(one[1]) - Number(other[1]));
  return answers
    .map(([name]) => name!)
    .filter((name, index, all) => name !== all[index - 1])
    .join(" ");
}

const families = [
  { family: "IPv4", of: ipv4Of, prefix: "10.96.9." },
  { family: "IPv6", of: ipv6Of, prefix: "fd00:10:96::9" },
] as const;

describe("journey: flows to Services", function () {
  this.timeout(90_000);
  const context = useLab({ nodes: [{ namePrefix: "node-", count: 2 }] });
  let first: Pod;
  let second: Pod;

  before(async () => {
    const server = (name: string, node: string) =>
      podManifest(name, { node, command: ["node", "-e", SERVER] });
    [first, second] = (await runPods(context.lab, [
      server("first", "node-2"),
      server("second", "node-1"),
      podManifest("client", { node: "node-1", args: ["pause"] }),
    ])) as [Pod, Pod];
  });

  async function serve(name: string, clusterIP: string): Promise<void> {
    const ports = (["UDP", "TCP"] as const).map(protocol => ({
      name: protocol.toLowerCase(),
      protocol,
      port: 80,
    }));
    const manifest = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "default" },
      spec: { clusterIP, ports, ipFamilies: [clusterIP.includes(":") ? "IPv6" : "IPv4"] },
    };
    await context.lab.client.create(kinds.services, manifest as unknown as Service);
  }

  /** Makes the only slice of a Service, or changes it. */
  async function setBackends(service: string, addresses: readonly string[], isIpv6: boolean): Promise<void> {
    const { client } = context.lab;
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: `${service}-1`,
        namespace: "default",
        labels: { "kubernetes.io/service-name": service },
      },
      addressType: isIpv6 ? "IPv6" : "IPv4",
      endpoints: addresses.map(address => ({ addresses: [address], conditions: { ready: true } })),
      ports: (["UDP", "TCP"] as const).map(protocol => ({
        name: protocol.toLowerCase(),
        protocol,
        port: 9000,
      })),
    } as unknown as EndpointSlice;
    const key = { namespace: "default", name: `${service}-1` };
    const { items } = await client.list(kinds.endpointSlices, { namespace: "default" });
    const known = items.find(({ metadata }) => metadata.name === key.name);
    if (known === undefined) await client.create(kinds.endpointSlices, slice);
    else await client.update(kinds.endpointSlices, { ...known, endpoints: slice.endpoints });
  }

  /** A program in the client pod's network: what it says, line by line. */
  async function program(source: string, address: string) {
    const { pid } = await context.lab.netnsOfPod({ name: "client" });
    const command = [process.execPath, "-e", source, address, "80"];
    const child = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, "--", ...command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    const reader = createInterface(child.stdout);
    reader.on("line", line => lines.push(line));
    return {
      lines,
      /** Resolves when lines that begin so have been said so many times after this call. */
      async says(line: string, times = 1): Promise<void> {
        const from = lines.length;
        const count = () => lines.slice(from).filter(each => each.split(" ")[0] === line).length;
        while (count() < times) await once(reader, "line");
      },
      end: () => child.kill("SIGKILL"),
    };
  }

  for (const { family, of, prefix } of families) {
    const isIpv6 = family === "IPv6";

    it(`${family}: a UDP socket that never pauses follows its only backend's replacement`, async () => {
      const name = `replaced-${family.toLowerCase()}`;
      await serve(name, `${prefix}1`);
      await setBackends(name, [of(first)], isIpv6);
      const asker = await program(ASKER, `${prefix}1`);
      try {
        await asker.says("first", 2);
        await setBackends(name, [of(second)], isIpv6);
        await asker.says("second", 4);
        assert.equal(namesInOrder(asker.lines), "first second");
      } finally {
        asker.end();
      }
    });

    it(`${family}: a UDP socket that was refused is answered when there is a backend`, async () => {
      const name = `late-${family.toLowerCase()}`;
      const asker = await program(ASKER, `${prefix}2`);
      try {
        await serve(name, `${prefix}2`);
        await setBackends(name, [], isIpv6);
        await setBackends(name, [of(first)], isIpv6);
        await asker.says("first", 3);
        assert.equal(namesInOrder(asker.lines), "first");
      } finally {
        asker.end();
      }
    });

    it(`${family}: an address that is given to another Service leads to that one's pods`, async () => {
      const { client } = context.lab;
      const [former, next] = [`former-${family.toLowerCase()}`, `next-${family.toLowerCase()}`];
      await serve(former, `${prefix}3`);
      await setBackends(former, [of(first)], isIpv6);
      const asker = await program(ASKER, `${prefix}3`);
      try {
        await asker.says("first", 2);
        await client.delete(kinds.services, { namespace: "default", name: former });
        await serve(next, `${prefix}3`);
        await setBackends(next, [of(second)], isIpv6);
        await asker.says("second", 4);
        assert.equal(namesInOrder(asker.lines), "first second");
      } finally {
        asker.end();
      }
    });

    it(`${family}: flows go on with their backends when both daemons are killed, whoever speaks`, async () => {
      const name = `kept-${family.toLowerCase()}`;
      await serve(name, `${prefix}4`);
      await setBackends(name, [of(first)], isIpv6);
      const asker = await program(ASKER, `${prefix}4`);
      const listener = await program(LISTENER, `${prefix}4`);
      try {
        await Promise.all([asker.says("first", 2), listener.says("first", 5)]);
        // Other flows would be shared with it now.
        await setBackends(name, [of(first), of(second)], isIpv6);
        for (const daemon of ["node-1", "node-2"]) {
          const restarted = context.lab.restarted(daemon);
          await context.lab.kill(daemon);
          await restarted;
          await Promise.all([asker.says("first", 4), listener.says("first", 20)]);
        }
        assert.equal(namesInOrder(asker.lines), "first");
        assert.deepEqual([...new Set(listener.lines)], ["first"]);
      } finally {
        asker.end();
        listener.end();
      }
    });
  }
});
