/** GET pods/NAME/log: the container's output as text, as long as it lasts when `follow` is set. */
import {
  badRequest,
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  internalError,
  invalid,
  parseTime,
} from "@podwire/api";
import type { FrameFromContainer, LogsRequest, NodeStream } from "../../node-streams.ts";
import type { NamedExchange } from "../exchange.ts";
import { type Query, readCount, readFlag } from "../query.ts";
import { ChunkWriter } from "../respond.ts";
import { streamTarget } from "./container.ts";

export async function readLog(exchange: NamedExchange): Promise<void> {
  const { services, response, query, target } = exchange;
  const logs = readLogsRequest(query, target.name, services.nowMs());
  const { pod, container } = await streamTarget(exchange);
  const stream = await services.nodeStreams.open(pod, container, { logs });
  response.once("close", () => stream.close());
  await copyLog(exchange, stream);
}

function readLogsRequest(query: Query, pod: string, nowMs: number): LogsRequest {
  const isSet = (name: string) => query.has(name) && readFlag(query, name);
  const count = (name: string) => readCount(query, "PodLogOptions", name);
  const options = {
    tailLines: count("tailLines"),
    sinceSeconds: count("sinceSeconds"),
    sinceTime: readTime(query, "sinceTime"),
    limitBytes: count("limitBytes"),
  };
  checkOptions(options, query, pod);
  const { tailLines, sinceSeconds, sinceTime, limitBytes } = options;
  return {
    follow: isSet("follow"),
    previous: isSet("previous"),
    timestamps: isSet("timestamps"),
    tailLines,
    sinceTimeMs: sinceSeconds === undefined ? sinceTime : nowMs - sinceSeconds * 1_000,
    limitBytes,
  };
}

function readTime(query: Query, name: string): number | undefined {
  const text = query.get(name);
  if (!text) return undefined;
  const ms = parseTime(text);
  if (ms === undefined) throw badRequest(`${name}: ${JSON.stringify(text)} is not an RFC 3339 time`);
  return ms;
}

/** As upstream's ValidatePodLogOptions. */
function checkOptions(
  options: {
    sinceSeconds?: number | undefined;
    sinceTime?: number | undefined;
    limitBytes?: number | undefined;
  },
  query: Query,
  pod: string,
): void {
  const { sinceSeconds, sinceTime, limitBytes } = options;
  const errors: FieldError[] = [];
  if (limitBytes === 0) errors.push(fieldInvalid("limitBytes", 0, "must be greater than 0"));
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.push(fieldForbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  } else if (sinceSeconds === 0) errors.push(fieldInvalid("sinceSeconds", 0, "must be greater than 0"));
  if (query.get("stream")) errors.push(fieldForbidden("stream", "may not be specified"));
  if (errors.length > 0) throw invalid("", "PodLogOptions", pod, errors);
}

async function copyLog({ response }: NamedExchange, stream: NodeStream): Promise<void> {
  const frames = stream.frames[Symbol.asyncIterator]();
  const first = await frames.next();
  // The first frame decides: a log that cannot be read is answered with a Status.
  throwIfFailed(first.value);
  response.writeHead(200, { "content-type": "text/plain" });
  response.flushHeaders();
  const writer = new ChunkWriter(response);
  for (let frame = first; !frame.done; frame = await frames.next()) {
    throwIfFailed(frame.value);
    if ("stdout" in frame.value) await writer.write(frame.value.stdout);
    else if ("stderr" in frame.value) await writer.write(frame.value.stderr);
    await writer.flush();
  }
  response.end();
}

/** What the node says when it cannot read the log, such as of a container that has not started. */
function throwIfFailed(frame: FrameFromContainer | undefined): void {
  if (frame === undefined || !("exit" in frame)) return;
  const { code, message } = frame.exit;
  if (message !== "") throw badRequest(message);
  if (code !== 0) throw internalError(new Error(`reading the log ended with code ${code}`));
}
