/** A body in protobuf, as kubectl 1.32 and most Go clients send what they make themselves. */
import { badRequest, DecodeError, decodeProtobuf, type ObjectSchema, openEnvelope } from "@podwire/api";

/** The body's object as its JSON would have it. Throws a BadRequest, in upstream's words. */
export function parseProtobuf(schema: ObjectSchema, body: Buffer): unknown {
  const { apiVersion, kind, raw } = orRefuse(
    why => `the object provided is unrecognized (must be of type ${schema.name}): ${why} (${summary(body)})`,
    () => openEnvelope(body),
  );
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  const refused = `${kind || schema.name} in version "${version}" cannot be handled as a ${schema.name}`;
  // Numbers mean other fields in another kind, so what it would read as is nothing that the client said.
  if (kind && kind !== schema.name) throw badRequest(refused);
  const object = orRefuse(
    why => `${refused}: ${why}`,
    () => decodeProtobuf(schema, raw),
  );
  return { ...(apiVersion && { apiVersion }), ...(kind && { kind }), ...object };
}

function orRefuse<T>(message: (why: string) => string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof DecodeError ? badRequest(message(error.message)) : error;
  }
}

const SUMMARY_BYTES = 30;

function summary(body: Buffer): string {
  const start = body.subarray(0, SUMMARY_BYTES).toString("hex");
  return body.length > SUMMARY_BYTES ? `${start} ...` : start;
}
