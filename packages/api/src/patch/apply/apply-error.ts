/** A configuration that does not fit its kind; the message is upstream's. */
export class ApplyError extends Error {
  override readonly name = "ApplyError";
}
