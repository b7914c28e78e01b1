import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Children } from "./children.ts";

const sleeper = { command: ["sleep", "1000"] };

/** A file of /proc/PID; empty when the process is gone. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < end, "the child has not changed its state in 10 s");
    await nextTurn();
  }
}

describe("children", () => {
  it("quote what a failed command said", async () => {
    const children = new Children();
    const failing = children.run({ command: ["sh", "-c", "echo no such thing >&2; exit 3"] }, 5000);
    await assert.rejects(failing, /exit code 3: no such thing/);
  });

  it("kill what takes too long", async () => {
    const children = new Children();
    await assert.rejects(children.run(sleeper, 50), /did not end within 50 ms/);
    await children.close();
  });

  it("are gone after close", async () => {
    const children = new Children();
    const child = children.start(sleeper);
    await children.close();
    await assert.rejects(child.ended, /killed by SIGKILL/);
  });

  it("end when the signal is aborted, and none starts after that", async () => {
    const abort = new AbortController();
    const children = new Children(abort.signal);
    const child = children.start(sleeper);
    abort.abort(new Error("interrupted"));
    await assert.rejects(child.ended, /killed by SIGKILL/);
    assert.throws(() => children.start(sleeper), /interrupted/);
  });

  it("die with a parent that is killed", async () => {
    const script = `import { Children } from ${JSON.stringify(new URL("./children.js", import.meta.url).href)};
      console.log(new Children().start({ command: ["sleep", "1000"] }).pid);`;
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", script]);
    const [printed] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(printed.toString());
    // Only once setpriv has become the command has it asked the kernel for the signal.
    await until(() => read(pid, "comm").trim() === "sleep");
    parent.kill("SIGKILL");
    // Gone, or dead and waiting for init to collect it.
    await until(() => /^$|\nState:\tZ/.test(read(pid, "status")));
  });
});
