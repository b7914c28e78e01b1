/**
 * Wire compatibility, proved by the other implementation: one node is a plain kernel VXLAN device, made with
 * iproute2 on a host of the underlay. To the cluster it is a Node object with annotations; behind it, a pod is a
 * network namespace on a veth pair.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { kinds, type Node, type Pod } from "@podwire/api";
import type { OutsideHost } from "@podwire/lab";
import { type ProcessIdentity, spawnHolder } from "@podwire/runtime";
import { expectSuccess, host, ipv4Of, ipv6Of, podManifest, runServers, sh, useLab } from "./lab.ts";

const FOREIGN = { v4: "10.244.200.0/24", v6: "fd00:10:244:c8::/64", mac: "02:aa:bb:cc:dd:01" };
const KERNEL_POD = { v4: "10.244.200.2", v6: "fd00:10:244:c8::2" };
const BULK_BYTES = 8 << 20;

/** Hashes what a connection or datagram brings and says so, with the address it came from. */
const SERVER = `
  const { createHash } = require("crypto");
  const digest = bytes => createHash("sha256").update(bytes).digest("hex");
  require("net").createServer({ allowHalfOpen: true }, socket => {
    const parts = [];
    socket.on("data", part => parts.push(part));
    socket.on("end", () => socket.end(socket.remoteAddress + " " + digest(Buffer.concat(parts))));
  }).listen(7000, "::", () => {
    const udp = require("dgram").createSocket("udp6");
    udp.on("message", (bytes, from) => udp.send(from.address + " " + digest(bytes), from.port, from.address));
    udp.bind(7000, "::", () => console.log("listening"));
  });`;

/** Sends the same bytes over TCP and 3,000 of them over UDP; prints what the server saw. */
function client(address: string): string {
  return `
    const { createHash } = require("crypto");
    const digest = bytes => createHash("sha256").update(bytes).digest("hex");
    const bytes = Buffer.alloc(${BULK_BYTES}, index => index);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 11)) & 255;
    const say = (name, text, sent) => {
      const [from, seen] = String(text).split(" ");
      console.log(name, from.replace(/^::ffff:/, ""), seen === digest(sent));
    };
    const socket = require("net").connect(7000, "${address}", () => socket.end(bytes));
    let answer = "";
    socket.on("data", part => { answer += part; });
    socket.on("end", () => {
      say("tcp", answer, bytes);
      const udp = require("dgram").createSocket("${address.includes(":") ? "udp6" : "udp4"}");
      const datagram = bytes.subarray(0, 3000);
      udp.on("message", text => { say("udp", text, datagram); udp.close(); });
      udp.send(datagram, 7000, "${address}");
    });`;
}

describe("journey: a kernel VXLAN device takes a node's place", function () {
  this.timeout(60_000);
  const context = useLab({ nodes: [{ namePrefix: "node-", count: 2 }] });
  let kernel: OutsideHost;
  let kernelPod: ProcessIdentity;
  let server: ChildProcess;
  let web: Pod;

  const inKernelPod = (...command: string[]) => [`--net=/proc/${kernelPod.pid}/ns/net`, "--", ...command];
  const run = async (...command: string[]) =>
    expectSuccess(command.join(" "), await kernel.exec("nsenter", ...inKernelPod(...command)));

  before(async () => {
    const { lab } = context;
    kernel = await lab.attachOutside("kernel");
    kernelPod = await spawnHolder({ labDir: lab.paths.directory, what: "kernel-pod", net: true });
    const { items } = await lab.client.list(kinds.nodes);
    for (const line of kernelSetup(kernel, kernelPod.pid, items)) {
      expectSuccess(line, await kernel.exec("sh", "-ec", line));
    }
    await lab.client.create(kinds.nodes, foreignNode(kernel.addresses) as unknown as Node);
    server = spawn("nsenter", inKernelPod(process.execPath, "-e", SERVER), {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(createInterface(server.stdout!), "line");
    [web] = (await runServers(lab, [podManifest("web", { node: "node-1" })])) as [Pod];
  });

  // The host and its pod are held by processes of the lab, and go with it.
  after(() => server?.kill("SIGKILL"));

  for (const { name, mine, theirs, flag } of [
    { name: "IPv4", mine: ipv4Of, theirs: KERNEL_POD.v4, flag: "-4" },
    { name: "IPv6", mine: ipv6Of, theirs: KERNEL_POD.v6, flag: "-6" },
  ]) {
    it(`${name}: ICMP both ways`, async () => {
      await run("ping", flag, "-c", "2", "-W", "2", mine(web));
      await sh(context.lab, "web", `ping ${flag} -c 2 -W 2 ${theirs}`);
    });

    it(`${name}: TCP and UDP from the kernel's pod, and web sees its address`, async () => {
      const seen = await run("curl", "-sS", "-m", "5", `http://${host(mine(web))}:8080/clientip`);
      assert.equal(seen.replace(/:\d+$/, ""), host(theirs));
      const udp = `const s = require("dgram").createSocket("${name === "IPv4" ? "udp4" : "udp6"}");
        s.on("message", text => { console.log(String(text)); s.close(); }); s.send("clientip", 8081, "${mine(web)}")`;
      assert.equal((await run(process.execPath, "-e", udp)).replace(/:\d+$/, ""), host(theirs));
    });

    it(`${name}: bulk TCP and fragmented UDP to the kernel's pod arrive byte for byte, without NAT`, async () => {
      const { code, stdout, stderr } = await context.lab.exec("web", [
        process.execPath,
        "-e",
        client(theirs),
      ]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout.trim(), `tcp ${mine(web)} true\nudp ${mine(web)} true`);
    });
  }
});

/** What the cluster knows of the kernel's node. */
function foreignNode(addresses: readonly string[]): object {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: "kernel",
      annotations: {
        "podwire.dev/foreign": "true",
        "podwire.dev/vtep-mac": FOREIGN.mac,
        "podwire.dev/underlay-mtu": "1500",
      },
    },
    spec: { podCIDR: FOREIGN.v4, podCIDRs: [FOREIGN.v4, FOREIGN.v6], unschedulable: true },
    status: { addresses: addresses.map(address => ({ type: "InternalIP", address })) },
  };
}

/** The commands that make the kernel's node: its VXLAN device, the way to each Podwire node, and one pod. */
function kernelSetup(kernel: OutsideHost, podPid: number, nodes: readonly Node[]): string[] {
  const local = kernel.addresses.find(address => !address.includes(":"));
  const inPod = (line: string) => `nsenter --net=/proc/${podPid}/ns/net -- ${line}`;
  return [
    "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding",
    `ip link add vx0 address ${FOREIGN.mac} type vxlan id 1 dstport 4789 local ${local} nolearning`,
    "ip link set vx0 mtu 1450 up",
    ...nodes.flatMap(node => wayTo(node)),
    `ip link add pod0 mtu 1450 type veth peer name eth0 mtu 1450 netns ${podPid}`,
    "ip link set pod0 up",
    "ip addr add 169.254.1.1/32 dev pod0; ip -6 addr add fe80::1/64 dev pod0 nodad",
    `ip route add ${KERNEL_POD.v4}/32 dev pod0; ip -6 route add ${KERNEL_POD.v6}/128 dev pod0`,
    inPod("ip link set lo up"),
    inPod("ip link set eth0 up"),
    inPod(`ip addr add ${KERNEL_POD.v4}/32 dev eth0`),
    inPod(`ip -6 addr add ${KERNEL_POD.v6}/128 dev eth0 nodad`),
    inPod("ip route add default via 169.254.1.1 dev eth0 onlink"),
    inPod("ip -6 route add default via fe80::1 dev eth0"),
  ];
}

/** Routes, neighbours and the forwarding entry towards one node, as flannel lays them. */
function wayTo(node: Node): string[] {
  const mac = node.metadata.annotations!["podwire.dev/vtep-mac"];
  const address = node.status.addresses!.find(
    each => each.type === "InternalIP" && !each.address.includes(":"),
  )!.address;
  return [
    `bridge fdb append ${mac} dev vx0 dst ${address}`,
    ...node.spec.podCIDRs!.flatMap(cidr => {
      const gateway = cidr.replace(/0?\/\d+$/, cidr.includes(":") ? "1" : "1");
      const family = cidr.includes(":") ? "-6" : "-4";
      return [
        `ip ${family} neigh replace ${gateway} lladdr ${mac} dev vx0 nud permanent`,
        `ip ${family} route add ${cidr} via ${gateway} dev vx0 onlink`,
      ];
    }),
  ];
}
