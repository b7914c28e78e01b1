/**
 * Somebody's kubeconfig, changed as kubectl changes it (client-go, tools/clientcmd): under FILE.lock, and atomically,
 * so that nobody ever reads half of it.
 */
import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LabError } from "../errors.ts";
import { KUBECONFIG_LOCK_POLL_MS, KUBECONFIG_LOCK_TIMEOUT_MS, MAX_KUBECONFIG_BYTES } from "../limits.ts";

/** The first file of $KUBECONFIG, else ~/.kube/config. */
export function userKubeconfig(environment: NodeJS.ProcessEnv = process.env): string {
  const [first] = (environment.KUBECONFIG ?? "").split(delimiter).filter(Boolean);
  return resolve(first ?? join(environment.HOME || homedir(), ".kube", "config"));
}

/** Replaces the text ("" when there is no file yet) by what `change` makes of it; an equal text is not written. */
export async function changeFile(file: string, change: (text: string) => string): Promise<void> {
  const unlock = await lock(file);
  try {
    const target = behindLinks(file);
    const before = readText(target);
    const after = change(before ?? "");
    if (after !== (before ?? "")) replaceFile(target, after);
  } finally {
    unlock();
  }
}

/** Undefined when there is no such file. */
export function readText(file: string): string | undefined {
  try {
    const { size } = statSync(file);
    if (size > MAX_KUBECONFIG_BYTES) {
      throw new LabError(
        `${file} has ${size} bytes, a kubeconfig at most ${MAX_KUBECONFIG_BYTES}: choose another file`,
      );
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error instanceof LabError ? error : unusable(file, error);
  }
}

/** Written beside it and renamed; mode and owner stay, a new file is for its owner alone. */
function replaceFile(file: string, text: string): void {
  const draft = `${file}.${process.pid}-${randomBytes(4).toString("hex")}.new`;
  try {
    const before = existing(file);
    const descriptor = openSync(draft, "wx", before ? before.mode & 0o777 : 0o600);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    // Labs need root; the file is the user's who called sudo.
    const owner = before ?? statSync(dirname(file));
    if (process.getuid?.() === 0) chownSync(draft, owner.uid, owner.gid);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw unusable(file, error);
  }
}

async function lock(file: string): Promise<() => void> {
  const path = `${file}.lock`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  } catch (error) {
    throw unusable(file, error);
  }
  const deadline = performance.now() + KUBECONFIG_LOCK_TIMEOUT_MS;
  for (;;) {
    try {
      closeSync(openSync(path, "wx", 0o600));
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unusable(file, error);
      if (performance.now() > deadline) {
        throw new LabError(
          `${path} is there: another program changes ${file}; when none does, remove ${path} and try again`,
        );
      }
      await delay(KUBECONFIG_LOCK_POLL_MS);
    }
  }
}

/** The file itself, so that a link to it stays one; it need not exist. */
function behindLinks(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unusable(file, error);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    return stats?.isSymbolicLink() ? resolve(dirname(file), readlinkSync(file)) : file;
  }
}

function existing(file: string): Stats | undefined {
  return statSync(file, { throwIfNoEntry: false });
}

function unusable(file: string, error: unknown): LabError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new LabError(
    `${file} cannot be used (${code ?? message}): set KUBECONFIG to a file that you may write to`,
    {
      cause: error,
    },
  );
}
