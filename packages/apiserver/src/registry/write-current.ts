/** A write that depends on what is stored: read, write if nobody came between, and otherwise from the start again. */
import { conflict, type Kind, notFound } from "@podwire/api";
import { ConflictError, type Entry, type Store } from "@podwire/store";
import { CONFLICT_RETRIES } from "../limits.ts";
import { objectKey } from "./keys.ts";
import type { ObjectRef } from "./registry.ts";

/** `write` may be called several times. Throws NotFound, and Conflict when others come first each time. */
export async function writeCurrent<Result>(
  store: Store,
  kind: Kind,
  ref: ObjectRef,
  write: (current: Entry) => Promise<Result>,
): Promise<Result> {
  const key = objectKey(kind, ref);
  for (let attempt = 1; ; attempt++) {
    const entry = await store.get(key);
    if (entry === undefined) throw notFound(kind, ref.name);
    try {
      return await write(entry);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      if (error.current === undefined) throw notFound(kind, ref.name);
      if (attempt === CONFLICT_RETRIES) throw conflict(kind, ref.name);
    }
  }
}
