/**
 * The program that sees an answer change: asks a server for a name's address all the time, and prints each one that is not
 * the one before it, with the time since 1970 in milliseconds. Arguments: server and name.
 */
import { createSocket } from "node:dgram";
import { CLASS_IN, FLAG, MessageWriter, readMessage, TYPE } from "@podwire/wire/dns";

const [server = "", name = ""] = process.argv.slice(2);
const ANSWER_MS = 500;
const writer = new MessageWriter(new Uint8Array(512));
const socket = createSocket("udp4");
let before = "";
let id = 0;

function ask(): void {
  id = (id + 1) & 0xffff;
  writer.begin(id, new Uint8Array(0), 512);
  writer.question(name, TYPE.A, CLASS_IN);
  socket.send(writer.finish(FLAG.recursionDesired, 0), 53, server);
}

/** What was asked and not answered is asked again. */
let timer = setInterval(ask, ANSWER_MS);
socket.on("message", bytes => {
  const record = readMessage(bytes)?.records.find(({ section }) => section === "answer");
  const address = record === undefined ? "" : bytes.subarray(record.dataAt, record.end).join(".");
  if (address !== before) process.stdout.write(`${address} ${performance.timeOrigin + performance.now()}\n`);
  before = address;
  clearInterval(timer);
  timer = setInterval(ask, ANSWER_MS);
  setTimeout(ask, 0);
});
ask();
