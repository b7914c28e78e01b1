/** `GET …/pods/NAME/log`: bytes as they come. */
import { type ApiError, kinds, serviceUnavailable } from "@podwire/api";
import type { ObjectRef } from "../api.ts";
import type { Http } from "./http.ts";
import { objectPath, withQuery } from "./paths.ts";

export interface LogOptions {
  /** May be left out when the Pod has one container. */
  container?: string | undefined;
  follow?: boolean | undefined;
  previous?: boolean | undefined;
  timestamps?: boolean | undefined;
  tailLines?: number | undefined;
  sinceSeconds?: number | undefined;
  limitBytes?: number | undefined;
  /** Stops following. */
  signal?: AbortSignal | undefined;
}

export async function openLog(
  http: Http,
  pod: ObjectRef,
  options: LogOptions,
): Promise<AsyncIterable<Buffer>> {
  const { signal, ...query } = options;
  const path = withQuery(objectPath(kinds.pods, pod, "log"), query);
  const response = await http.open({ method: "GET", path, ...(signal && { signal }) });
  return chunks(response, pod, signal);
}

async function* chunks(
  response: AsyncIterable<Buffer>,
  pod: ObjectRef,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  try {
    yield* response;
  } catch (error) {
    if (!signal?.aborted) throw cut(pod, error);
  }
}

function cut({ namespace, name }: ObjectRef, error: unknown): ApiError {
  return serviceUnavailable(`the log of pod ${namespace}/${name} was cut: ${(error as Error).message}`);
}
