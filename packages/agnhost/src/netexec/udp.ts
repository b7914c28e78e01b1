/**
 * netexec's UDP server. Commands, in any case: `hostname`, `echo TEXT` and `clientip`; anything else is logged
 * and not answered. TEXT comes back in lower case, as upstream.
 */
import { hostname } from "node:os";
import { fatal, joinHostPort, log } from "../go.ts";
import { listenUdp } from "../listen.ts";
import type { NetexecState } from "./routes.ts";

export async function serveUdp(address: string, port: number, state: NetexecState): Promise<void> {
  const socket = await listenUdp(address, port).catch((cause: Error) =>
    fatal(`Error occurred: failed to create listener for UDP address ${address}:${port}:${cause.message}`),
  );
  log(`Started UDP server on port ${address} ${port}`);
  state.ready = true;
  socket.on("message", (bytes, peer) => {
    const client = joinHostPort(peer.address, peer.port);
    const answer = answerTo(bytes.toString().trim().toLowerCase(), client);
    if (answer !== undefined) socket.send(answer, peer.port, peer.address);
  });
}

function answerTo(command: string, client: string): string | undefined {
  if (command === "hostname") {
    log("Sending udp hostName response");
    return hostname();
  }
  if (command.startsWith("echo ")) {
    const text = command.slice("echo ".length);
    log(`Echoing ${text} to UDP client ${client}\n`);
    return text;
  }
  if (command === "clientip") {
    log(`Sending clientip back to UDP client ${client}\n`);
    return client;
  }
  if (command !== "") log(`Unknown UDP command received from ${client}: ${command}\n`);
  return undefined;
}
