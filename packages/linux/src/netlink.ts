/**
 * A netlink socket, used synchronously: the kernel handles a request inside `send`, so its answer is there already.
 *
 * request: send one message, wait for its acknowledgement.   dump: send one, collect until NLMSG_DONE.
 * transaction: send many as one (nftables), then one acknowledgement for each that asked for it.
 */

import { ERRNO } from "./errno.ts";
import { check, LinuxError } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { nativeMemory } from "./memory.ts";
import { inNamespace } from "./namespace.ts";
import { libc } from "./native.ts";
import {
  attributeString,
  type NetlinkBuilder,
  type NetlinkReply,
  NLMSG_HEADER_BYTES,
  readAttributes,
} from "./netlink-message.ts";
import { SOL, Socket } from "./socket.ts";

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0x80003;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

export class NetlinkSocket {
  readonly #socket: Socket;
  readonly #buffer = nativeMemory(LIMITS.netlinkReplyBytes);
  #sequence = 1;

  /** Opens a socket of `protocol` that acts on `namespace` (the calling thread's own when undefined). */
  constructor(protocol: number, namespace: number | undefined) {
    const fd = inNamespace(namespace, () => libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol));
    this.#socket = new Socket(check(fd, "socket", `netlink socket (protocol ${protocol})`));
    this.#socket.setOption(SOL_NETLINK, NETLINK_EXT_ACK, 1);
    this.#socket.setOption(SOL_NETLINK, NETLINK_CAP_ACK, 1);
    this.#socket.setReceiveTimeout(LIMITS.netlinkAnswerMs);
  }

  nextSequence(): number {
    return this.#sequence++;
  }

  /** Sends one message that asks for an acknowledgement; throws what the kernel refuses. */
  request(builder: NetlinkBuilder, object: string): void {
    this.transaction(builder, [object]);
  }

  /** Sends a message that the kernel answers with one message, which is returned. */
  query(builder: NetlinkBuilder, object: string): NetlinkReply {
    this.#send(builder, object);
    let answer: NetlinkReply | undefined;
    while (answer === undefined) {
      this.#receive(object, reply => {
        if (reply.type === NLMSG_ERROR) throwRefusal(reply, object);
        else answer = { ...reply, payload: reply.payload.slice() };
      });
    }
    return answer;
  }

  dump(builder: NetlinkBuilder, object: string): NetlinkReply[] {
    this.#send(builder, object);
    const replies: NetlinkReply[] = [];
    let done = false;
    while (!done) {
      this.#receive(object, reply => {
        if (reply.type === NLMSG_ERROR) throwRefusal(reply, object);
        if (reply.type === NLMSG_DONE) done = true;
        else replies.push({ ...reply, payload: reply.payload.slice() });
      });
    }
    return replies;
  }

  /**
   * Sends all messages of `builder` at once; `objects` names, in order, those that ask for an acknowledgement.
   * Throws the first refusal; answers to later messages are then still queued, so close the socket.
   */
  transaction(builder: NetlinkBuilder, objects: readonly string[]): void {
    this.#send(builder, objects[0] ?? "netlink");
    for (let answered = 0; answered < objects.length; ) {
      const object = objects[answered]!;
      this.#receive(object, reply => {
        if (reply.type !== NLMSG_ERROR) return;
        throwRefusal(reply, objects[answered] ?? object);
        answered++;
      });
    }
  }

  close(): void {
    this.#socket.close();
  }

  #send(builder: NetlinkBuilder, object: string): void {
    const bytes = builder.bytes();
    const memory = nativeMemory(bytes.length);
    memory.u8.set(bytes);
    if (bytes.length > LIMITS.netlinkReplyBytes) {
      for (const option of [SO_SNDBUFFORCE, SO_RCVBUFFORCE]) {
        this.#socket.setOption(SOL.socket, option, bytes.length * 2);
      }
    }
    const sent = this.#socket.send(memory, 0, bytes.length);
    if (sent < 0) throw new LinuxError("netlink send", object, -sent);
  }

  /** Receives one datagram and hands over each message in it. */
  #receive(object: string, each: (reply: NetlinkReply) => void): void {
    const received = this.#socket.receive(this.#buffer, 0, LIMITS.netlinkReplyBytes);
    if (received < 0) throw new LinuxError("netlink receive", object, -received);
    const { view, u8 } = this.#buffer;
    for (let at = 0; at + NLMSG_HEADER_BYTES <= received; ) {
      const length = view.getUint32(at, true);
      if (length < NLMSG_HEADER_BYTES || at + length > received) {
        throw new LinuxError("netlink receive", object, ERRNO.EIO, "the answer is cut off");
      }
      each({
        type: view.getUint16(at + 4, true),
        flags: view.getUint16(at + 6, true),
        payload: u8.subarray(at + NLMSG_HEADER_BYTES, at + length),
      });
      at += (length + 3) & ~3;
    }
  }
}

/** An NLMSG_ERROR with error 0 is an acknowledgement. `i32 error | nlmsghdr of the request | attributes`. */
function throwRefusal(reply: NetlinkReply, object: string): void {
  const view = new DataView(reply.payload.buffer, reply.payload.byteOffset, reply.payload.byteLength);
  const error = view.getInt32(0, true);
  if (error === 0) return;
  const tlvs = (reply.flags & NLM_F_ACK_TLVS) !== 0;
  const explained = tlvs ? readAttributes(reply.payload, 4 + NLMSG_HEADER_BYTES) : undefined;
  throw new LinuxError("netlink", object, -error, attributeString(explained?.get(NLMSGERR_ATTR_MSG)) ?? "");
}
