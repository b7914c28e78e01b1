/** A resolver's questions as bytes, over real sockets, and the answers in words. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { formatAddress } from "@podwire/wire/address";
import {
  CLASS_IN,
  FLAG,
  MAX_MESSAGE_BYTES,
  type MessageView,
  MessageWriter,
  RCODE,
  readMessage,
  readName,
  TYPE,
} from "@podwire/wire/dns";

const writer = new MessageWriter(new Uint8Array(MAX_MESSAGE_BYTES));

/** `udpBytes` 0: without EDNS. */
export function queryBytes(name: string, type: number, id = 1, udpBytes = 1232): Uint8Array {
  writer.begin(id, new Uint8Array(0), MAX_MESSAGE_BYTES);
  writer.question(name, type, CLASS_IN);
  if (udpBytes > 0) writer.opt(udpBytes, 0, false);
  return writer.finish(FLAG.recursionDesired, 0);
}

export interface Heard {
  readonly bytes: Uint8Array;
  readonly view: MessageView;
  /** The answers, as `TYPE DATA`; of an answer without any its response code. */
  readonly words: string[];
  readonly ttls: number[];
}

export function heard(bytes: Uint8Array): Heard {
  const view = readMessage(bytes)!;
  const answers = view.records.filter(({ section }) => section === "answer");
  const words = answers.map(({ type, dataAt, end }) => {
    const name = Object.entries(TYPE).find(([, number]) => number === type)?.[0];
    if (type === TYPE.A || type === TYPE.AAAA) return `${name} ${formatAddress(bytes.subarray(dataAt, end))}`;
    return type === TYPE.CNAME || type === TYPE.PTR ? `${name} ${readName(bytes, dataAt)}` : `${name}`;
  });
  const rcode = Object.entries(RCODE).find(([, number]) => number === view.rcode)![0];
  return { bytes, view, words: words.length > 0 ? words : [rcode], ttls: answers.map(({ ttl }) => ttl) };
}

/** Sends bytes and resolves with the first datagram that comes back; undefined: none in time. */
export async function sendUdp(
  message: Uint8Array,
  address: string,
  port: number,
  timeoutMs = 10_000,
): Promise<Uint8Array | undefined> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    const answered = once(socket, "message", { signal: timeout.signal });
    socket.send(message, port, address);
    return (await answered)[0] as Buffer;
  } catch (error) {
    if (timeout.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

/** Sends all messages at once over one connection and resolves with as many answers, in the order that they came. */
export async function sendTcp(
  messages: readonly Uint8Array[],
  address: string,
  port: number,
): Promise<Uint8Array[]> {
  const socket = connect(port, address);
  const framed = messages.map(message => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    return Buffer.concat([length, message]);
  });
  socket.end(Buffer.concat(framed));
  let received: Buffer = Buffer.alloc(0);
  for await (const bytes of socket) received = Buffer.concat([received, bytes as Buffer]);
  const answers: Uint8Array[] = [];
  for (let at = 0; at < received.length; ) {
    const end = at + 2 + received.readUInt16BE(at);
    answers.push(received.subarray(at + 2, end));
    at = end;
  }
  return answers;
}
