/**
 * `agnhost probe-serve`: answers probes on a TCP and a UDP port of the kernel's choice, both families, and
 * prints the ports as one line of JSON. Ends when its stdin does.
 */
import { createServer, type Socket } from "node:net";
import { parseFlags } from "../flags.ts";
import { LIMITS } from "../limits.ts";
import { listenTcp, listenUdp } from "../listen.ts";
import { type ProbeServer, plainAddress } from "./protocol.ts";

export async function main(argv: readonly string[]): Promise<void> {
  const { flags } = parseFlags(argv, { "tcp-port": "int", "udp-port": "int" });
  const tcpPort = await listenTcp(createServer(answerLines), flags["tcp-port"] ?? 0);
  const udp = await listenUdp("", flags["udp-port"] ?? 0);
  udp.on("message", (bytes, peer) => {
    udp.send(`${bytes.toString("latin1")} ${plainAddress(peer.address)}`, peer.port, peer.address);
  });
  const ports: ProbeServer = { tcpPort, udpPort: udp.address().port };
  process.stdout.write(`${JSON.stringify(ports)}\n`);
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("error", () => process.exit(0));
  process.stdin.resume();
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
