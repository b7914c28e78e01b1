/** GET pods/NAME/log: the container's output as text, as long as it lasts when `follow` is set. */
import { badRequest, internalError, parseTime } from "@podwire/api";
import type { FrameFromContainer, LogsRequest, NodeStream } from "../../node-streams.ts";
import type { NamedExchange } from "../exchange.ts";
import { type Query, readCount, readFlag } from "../query.ts";
import { ChunkWriter } from "../respond.ts";
import { streamTarget } from "./container.ts";

export async function readLog(exchange: NamedExchange): Promise<void> {
  const { services, response, query } = exchange;
  const logs = readLogsRequest(query, services.nowMs());
  const { pod, container } = await streamTarget(exchange);
  const stream = await services.nodeStreams.open(pod, container, { logs });
  response.once("close", () => stream.close());
  await copyLog(exchange, stream);
}

function readLogsRequest(query: Query, nowMs: number): LogsRequest {
  return {
    follow: query.has("follow") && readFlag(query, "follow"),
    previous: query.has("previous") && readFlag(query, "previous"),
    timestamps: query.has("timestamps") && readFlag(query, "timestamps"),
    tailLines: readCount(query, "PodLogOptions", "tailLines"),
    sinceSeconds: readCount(query, "PodLogOptions", "sinceSeconds") ?? secondsSince(query, nowMs),
    limitBytes: readCount(query, "PodLogOptions", "limitBytes"),
  };
}

function secondsSince(query: Query, nowMs: number): number | undefined {
  const text = query.get("sinceTime");
  if (!text) return undefined;
  const ms = parseTime(text);
  if (ms === undefined) throw badRequest(`sinceTime: ${JSON.stringify(text)} is not an RFC 3339 time`);
  return Math.max(1, Math.ceil((nowMs - ms) / 1_000));
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
