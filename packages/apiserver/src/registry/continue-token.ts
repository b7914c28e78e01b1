/** The `continue` token of a list: the revision of its first page, and the key after which the next one begins. */
import { badRequest } from "@podwire/api";

/** Instead of a revision: the present, because that of the first page is no longer kept (upstream: -1, too). */
const LATEST = -1;

export interface Continuation {
  /** Undefined: the present. */
  readonly revision: number | undefined;
  /** Relative to the list's prefix, so that a token cannot lead out of it. */
  readonly after: string;
}

export function encodeContinue({ revision, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision ?? LATEST, start: after })).toString(
    "base64url",
  );
}

export function decodeContinue(token: string): Continuation {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, "base64url").toString());
    const isRevision = Number.isSafeInteger(rv) && (rv > 0 || rv === LATEST);
    if (v === "meta.k8s.io/v1" && isRevision && typeof start === "string") {
      return { revision: rv === LATEST ? undefined : rv, after: start };
    }
  } catch {
    // Not JSON: the same answer as for JSON of another shape.
  }
  throw badRequest("continue key is not valid: it is not one that this server gave");
}
