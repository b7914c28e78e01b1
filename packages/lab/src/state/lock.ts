/** The lock that a lab's directory is made and removed under; it lies beside the directory. */
import { takeLock } from "@podwire/runtime";
import { LabError } from "../errors.ts";
import { LOCK_TIMEOUT_MS } from "../limits.ts";

/** Takes the lock at `path`, waiting for a living owner up to `timeoutMs`. The result releases it. */
export function takeLabLock(path: string, timeoutMs: number = LOCK_TIMEOUT_MS): Promise<() => void> {
  return takeLock(path, timeoutMs, ({ pid }) => {
    const way = "wait for it, or stop it";
    return new LabError(`${path} is held by process ${pid}, which is making or removing this lab: ${way}`);
  });
}
