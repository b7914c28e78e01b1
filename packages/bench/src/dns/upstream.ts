/**
 * The program that stands for the rest of the world's name servers: answers any question for an address with one, after no
 * time at all. Arguments: address and port. Prints a line once it listens.
 */
import { createSocket } from "node:dgram";
import { SO, SOL, Socket } from "@podwire/linux";
import { FLAG, HEADER_BYTES, MessageWriter, parseQuery, RCODE, TYPE } from "@podwire/wire/dns";

const [address = "", port = "53"] = process.argv.slice(2);
const TTL_SECONDS = 600;
const BUFFER_BYTES = 8 << 20;
const writer = new MessageWriter(new Uint8Array(512));
const socket = createSocket("udp4");
const system = Socket.open({ family: 4, type: "udp", nonBlocking: true });
system.setOption(SOL.socket, SO.receiveBufferForce, BUFFER_BYTES);
system.bind(address, Number(port));

socket.on("message", (message, client) => {
  const query = parseQuery(message);
  if (query === undefined || "rcode" in query) return;
  const { id, name, type, questionEnd } = query;
  writer.begin(id, message.subarray(HEADER_BYTES, questionEnd), 512);
  const record = { name, type: TYPE.A, ttl: TTL_SECONDS, data: Uint8Array.of(192, 0, 2, 1) };
  if (type === TYPE.A) writer.record("answer", record);
  const flags = FLAG.response | FLAG.recursionDesired | FLAG.recursionAvailable;
  socket.send(writer.finish(flags, RCODE.noError), client.port, client.address);
});
socket.bind({ fd: system.fd }, () => process.stdout.write("listening\n"));
