/** netexec's /shell: runs a command line, and what came of it in Go's words. */
import { spawn } from "node:child_process";
import { LIMITS } from "../limits.ts";

const SIGNAL_TEXT: Record<string, string> = {
  SIGKILL: "killed",
  SIGTERM: "terminated",
  SIGINT: "interrupt",
  SIGSEGV: "segmentation fault",
  SIGABRT: "aborted",
};

/** stdout and stderr as one, and the error when it did not end with 0. */
export function runShell(command: string): Promise<{ output: string; error: string | undefined }> {
  return new Promise(resolve => {
    const child = spawn("/bin/sh", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
    const parts: Buffer[] = [];
    let bytes = 0;
    const collect = (part: Buffer): void => {
      bytes += part.length;
      if (bytes > LIMITS.shellOutputBytes) child.kill("SIGKILL");
      else parts.push(part);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", cause => resolve({ output: "", error: cause.message }));
    child.once("close", (code, signal) => {
      const error = signal
        ? `signal: ${SIGNAL_TEXT[signal] ?? signal}`
        : code
          ? `exit status ${code}`
          : undefined;
      resolve({ output: Buffer.concat(parts).toString(), error });
    });
  });
}
