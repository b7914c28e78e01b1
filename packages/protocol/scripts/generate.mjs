// Writes src/gen/node.ts from proto/podwire/v1/node.proto: an interface and a table of fields for each
// message, and the methods of each service. Run by `npm run generate`; a test compares the result with the
// committed file. `--stdout` prints instead.
import { writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const here = dirname(fileURLToPath(import.meta.url));
const repository = resolve(here, "../../..");
const proto = join(repository, "proto/podwire/v1/node.proto");
const output = join(here, "../src/gen/node.ts");

const SCALARS = {
  string: ["string", "string"],
  bytes: ["bytes", "Uint8Array"],
  bool: ["bool", "boolean"],
  int32: ["integer", "number"],
  uint32: ["integer", "number"],
  int64: ["integer", "number"],
  uint64: ["integer", "number"],
};

/** A field's type in TypeScript and its row of the table. */
function describe(field) {
  const [content, type] = SCALARS[field.type] ?? [`() => ${field.type}`, field.type];
  const row = [`number: ${field.id}`, `name: "${field.name}"`];
  row.push(SCALARS[field.type] ? `content: "${content}"` : `content: ${content}`);
  if (field.map) {
    if (field.keyType !== "string" || type !== "string")
      throw new Error(`${field.fullName}: unsupported map`);
    return { type: "Record<string, string>", row: [...row, `repeats: "map"`] };
  }
  if (field.repeated) {
    if (SCALARS[field.type] && type !== "string")
      throw new Error(`${field.fullName}: unsupported repeated ${type}`);
    return { type: `${type}[]`, row: [...row, `repeats: "list"`] };
  }
  if (field.partOf) row.push(`oneof: "${field.partOf.name}"`);
  return { type, row };
}

function messageSource(message) {
  const fields = message.fieldsArray.toSorted((a, b) => a.id - b.id);
  const lines = fields
    .filter(field => !field.partOf)
    .map(field => `  ${field.name}: ${describe(field).type};`);
  for (const oneof of message.oneofsArray) {
    const cases = oneof.fieldsArray.map(field => `    ${field.name}: ${describe(field).type};`);
    lines.push(`  ${oneof.name}: OneOf<{\n${cases.join("\n")}\n  }>;`);
  }
  const { name } = message;
  const shape =
    lines.length === 0
      ? `export type ${name} = Record<string, never>;`
      : `export interface ${name} {\n${lines.join("\n")}\n}`;
  const table = fields.map(field => `  { ${describe(field).row.join(", ")} },\n`).join("");
  const rows = table === "" ? "[]" : `[\n${table}]`;
  return `${shape}\nexport const ${name}: MessageType<${name}> = new MessageType("${name}", ${rows});\n`;
}

function serviceSource(service) {
  const path = service.fullName.slice(1);
  const type = [];
  const value = [];
  for (const method of service.methodsArray) {
    if (!method.requestStream || !method.responseStream)
      throw new Error(`${method.fullName}: unsupported unary side`);
    const { name, requestType: request, responseType: response } = method;
    type.push(
      `  ${name}: { path: string; request: MessageType<${request}>; response: MessageType<${response}> };\n`,
    );
    value.push(`  ${name}: { path: "/${path}/${name}", request: ${request}, response: ${response} },\n`);
  }
  return `/** ${path}: every method is a stream in both directions. */\nexport const ${service.name}: {\n${type.join("")}} = {\n${value.join("")}};\n`;
}

const root = new protobuf.Root().loadSync(proto);
const declarations = root.lookup("podwire.v1").nestedArray;
const messages = declarations.filter(each => each instanceof protobuf.Type).map(messageSource);
const services = declarations.filter(each => each instanceof protobuf.Service).map(serviceSource);
const source = `// Generated from ${relative(repository, proto)} by \`npm run generate -w packages/protocol\`. Do not edit.
import { MessageType, type OneOf } from "../codec.ts";

${[...messages, ...services].join("\n")}`;

if (process.argv.includes("--stdout")) process.stdout.write(source);
else writeFileSync(output, source);
