/**
 * `agnhost probe-serve`: answers probes on a TCP and a UDP port of the kernel's choice, both families, and
 * prints the ports as one line of JSON. Ends when its stdin does.
 *
 * `--udp-listen-addresses`, as netexec has it: answers from the address that was asked, which a socket of all addresses
 * does not do where a host has several, such as a node.
 */
import type { Socket as UdpSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import { parseFlags } from "../flags.ts";
import { LIMITS } from "../limits.ts";
import { listenTcp, listenUdp } from "../listen.ts";
import { type ProbeServer, plainAddress } from "./protocol.ts";

export async function main(argv: readonly string[]): Promise<void> {
  const { flags } = parseFlags(argv, {
    "tcp-port": "int",
    "udp-port": "int",
    "udp-listen-addresses": "string",
  });
  const tcpPort = await listenTcp(createServer(answerLines), flags["tcp-port"] ?? 0);
  const addresses = (flags["udp-listen-addresses"] ?? "").split(",");
  const sockets = await listenUdpOnSamePort(addresses, flags["udp-port"] ?? 0);
  for (const socket of sockets) answerDatagrams(socket);
  const ports: ProbeServer = { tcpPort, udpPort: sockets[0]!.address().port };
  process.stdout.write(`${JSON.stringify(ports)}\n`);
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("error", () => process.exit(0));
  process.stdin.resume();
}

/** The first address gets a port; when it is taken at another one, all try again. */
async function listenUdpOnSamePort(addresses: readonly string[], port: number): Promise<UdpSocket[]> {
  for (let attempt = 1; ; attempt++) {
    const sockets: UdpSocket[] = [];
    try {
      for (const address of addresses)
        sockets.push(await listenUdp(address, sockets[0]?.address().port ?? port));
      return sockets;
    } catch (cause) {
      for (const socket of sockets) socket.close();
      const taken = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!taken || port !== 0 || attempt === LIMITS.probePortAttempts) throw cause;
    }
  }
}

function answerDatagrams(socket: UdpSocket): void {
  socket.on("message", (bytes, peer) => {
    socket.send(`${bytes.toString("latin1")} ${plainAddress(peer.address)}`, peer.port, peer.address);
  });
}

function answerLines(socket: Socket): void {
  const source = plainAddress(socket.remoteAddress ?? "");
  let line = "";
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    line += text;
    for (let end = line.indexOf("\n"); end >= 0; end = line.indexOf("\n")) {
      socket.write(`${line.slice(0, end)} ${source}\n`);
      line = line.slice(end + 1);
    }
    if (line.length > LIMITS.probeLineBytes) socket.destroy();
  });
}
