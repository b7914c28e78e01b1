/**
 * The mark in its environment by which a process is found as a lab's (`<lab directory>:host` or `<lab directory>:network`),
 * without any record of it.
 */
export const MEMBER_VARIABLE = "PODWIRE_MEMBER";

/** A member lives in the caller's network namespace, or in one that the lab made and that dies with it. */
export type Membership = "host" | "network";

export function memberMark(directory: string, membership: Membership): Record<string, string> {
  return { [MEMBER_VARIABLE]: `${directory}:${membership}` };
}
