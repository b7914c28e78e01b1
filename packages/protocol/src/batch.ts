/**
 * A ToNodeBatch put together from messages that are encoded already: a change that goes to every node is
 * encoded once, not once a node. On the wire each message is field 1: tag, length, bytes.
 */
import { WIRE } from "@podwire/wire/protobuf";
import { varintSize, Writer } from "./writer.ts";

const TAG = (1 << 3) | WIRE.lengthDelimited;

/** Bytes of a ToNodeBatch that carries the encoded ToNode messages in this order. */
export function concatenateBatch(messages: readonly Uint8Array[]): Buffer {
  let size = 0;
  for (const message of messages) size += 1 + varintSize(message.length) + message.length;
  const writer = new Writer(size);
  for (const message of messages) {
    writer.varint(TAG);
    writer.blob(message);
  }
  return writer.bytes;
}
