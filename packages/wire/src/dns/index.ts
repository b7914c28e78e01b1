/**
 * DNS messages (RFC 1035, RFC 6891): queries as a server takes them, answers as it writes them, and the answers of other
 * servers as a forwarder keeps them.
 *
 *     bytes -> parseQuery -> name and type -> ResourceRecords -> MessageWriter -> bytes
 *     bytes of another server -> readMessage -> where each record lies
 *
 * Own rather than `dns-packet`: that library does not compress names (182 bytes for what takes 94), changes names whose
 * labels hold a dot or a byte above 127, throws on bad bytes (of two mutated queries, on more than one), and takes 100 ms
 * for 72 kB of names that point at one another. Here nothing throws, and work is bounded by the length of the message.
 */
export * from "./constants.ts";
export { type MessageRecord, type MessageView, readMessage, recordOf } from "./message.ts";
export { addressOfReverseName, isName, lowerCase, readName, skipName } from "./name.ts";
export { parseQuery, type Query, type Refusal } from "./query.ts";
export type { RecordData, ResourceRecord } from "./record.ts";
export { MessageWriter, OPT_BYTES } from "./writer.ts";
