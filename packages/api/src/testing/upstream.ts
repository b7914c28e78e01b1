/**
 * Upstream's own files, to compare with: Go modules, fetched into Go's module cache. Where there is no Go, or no
 * way to the module, the tests that want them say so and are not run.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The folder of a module such as `k8s.io/api@v0.34.3`; undefined when it cannot be had. */
export async function goModule(name: string): Promise<string | undefined> {
  try {
    const run = promisify(execFile);
    const { stdout } = await run("go", ["mod", "download", "-json", name], { timeout: DOWNLOAD_TIMEOUT_MS });
    return (JSON.parse(stdout) as { Dir: string }).Dir;
  } catch (error) {
    console.warn(`      ${name} cannot be had, so nothing is compared with it: ${(error as Error).message}`);
    return undefined;
  }
}

/** Modules are some ten megabytes; a cache has them at once. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

/** For a test that waits for a download, and goes on or is skipped after it. */
export const UPSTREAM_TEST_TIMEOUT_MS = DOWNLOAD_TIMEOUT_MS + 60_000;
