/** What the store's failures mean to a client. */
import {
  ApiError,
  expired,
  insufficientStorage,
  internalError,
  serviceUnavailable,
  tooManyRequests,
} from "@podwire/api";
import {
  CompactedError,
  FutureRevisionError,
  StoreBusyError,
  StoreClosedError,
  StoreFullError,
} from "@podwire/store";

const BUSY_RETRY_SECONDS = 1;

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof CompactedError) {
    return expired(`too old resource version: ${error.requested} (${error.compacted + 1})`);
  }
  if (error instanceof FutureRevisionError) return tooLargeRevision(error.requested, error.current);
  if (error instanceof StoreFullError) return insufficientStorage(error.message, error);
  if (error instanceof StoreBusyError) return tooManyRequests(error.message, BUSY_RETRY_SECONDS);
  if (error instanceof StoreClosedError) return serviceUnavailable("the API server is shutting down");
  return internalError(error);
}

/** A resourceVersion that this server has not reached, such as one from before its store was made anew. */
export function tooLargeRevision(requested: number, current: number): ApiError {
  const message = `Too large resource version: ${requested}, current: ${current}`;
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  return new ApiError(504, "Timeout", message, { causes, retryAfterSeconds: 1 });
}

/** Runs a piece of work on the store; its failures come out as `ApiError`s. */
export async function onStore<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    throw toApiError(error);
  }
}
