/** What programs do in running pods with the JavaScript client of Kubernetes: everything over WebSockets. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import type { V1Status } from "@kubernetes/client-node";
import { podManifest, runPods, useLab } from "./lab.ts";
import { consolePod, patternHash, sha256, transferPod } from "./stream-pods.ts";

type Client = typeof import("@kubernetes/client-node");

/** Keeps what is written to it, and waits for it. */
class Sink extends Writable {
  #parts: Buffer[] = [];
  #wake = () => {};

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  async until(found: (bytes: Buffer) => boolean): Promise<Buffer> {
    while (!found(this.bytes)) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    return this.bytes;
  }

  override _write(part: Buffer, _encoding: string, done: () => void): void {
    this.#parts.push(Buffer.from(part));
    this.#wake();
    done();
  }
}

describe("journey: streams: client-node", function () {
  this.timeout(60_000);
  const context = useLab({ nodes: [{ namePrefix: "node-", count: 1 }] });
  let k8s: Client;
  let config: InstanceType<Client["KubeConfig"]>;

  before(async () => {
    // 100 MB and half a second: for this journey alone.
    k8s = await import("@kubernetes/client-node");
    config = new k8s.KubeConfig();
    config.loadFromFile(context.lab.paths.kubeconfig);
    await runPods(context.lab, [
      podManifest("web"),
      transferPod("transfer"),
      consolePod("typed", "while read -r line; do echo got $line; done", { stdin: true }),
      consolePod("counter", "for i in $(seq 1 100); do echo line $i; done; sleep 60"),
    ]);
  });

  async function exec(
    command: string[],
    { stdin, tty = false, stdout = new Sink() }: { stdin?: Readable; tty?: boolean; stdout?: Sink } = {},
  ): Promise<{ status: V1Status; stdout: string; stderr: string }> {
    const stderr = new Sink();
    const status = await new Promise<V1Status>((resolve, reject) => {
      new k8s.Exec(config)
        .exec("default", "web", "main", command, stdout, tty ? null : stderr, stdin ?? null, tty, resolve)
        .catch(reject);
    });
    return { status, stdout: stdout.bytes.toString(), stderr: stderr.bytes.toString() };
  }

  it("exec: output, complaints, exit status", async () => {
    const good = await exec(["sh", "-c", "echo out; echo problem >&2"]);
    assert.deepEqual([good.status.status, good.stdout, good.stderr], ["Success", "out\n", "problem\n"]);
    const { status } = await exec(["sh", "-c", "exit 3"]);
    assert.deepEqual([status.reason, status.details!.causes![0]!.message], ["NonZeroExitCode", "3"]);
    const lines = await exec(["seq", "1", "1000"]);
    assert.equal(lines.stdout.split("\n").length, 1001);
  });

  it("exec: stdin to its end, binary", async () => {
    const bytes = randomBytes(2_000_000);
    const { stdout } = await exec(["sha256sum"], { stdin: Readable.from([bytes]) });
    assert.equal(stdout.split(" ")[0], sha256(bytes));
  });

  it("exec: a terminal and its size", async () => {
    class Terminal extends Sink {
      rows = 21;
      columns = 77;
    }
    const stdout = new Terminal();
    const stdin = new PassThrough();
    const ended = exec(["sh"], { stdin, tty: true, stdout });
    await stdout.until(bytes => /# $/.test(bytes.toString()));
    stdin.write("stty size\r");
    await stdout.until(bytes => /21 77\r\n/.test(bytes.toString()));
    stdin.write("exit 6\r");
    const { status } = await ended;
    assert.equal(status.details!.causes![0]!.message, "6");
  });

  it("attach: types to what runs", async () => {
    const [stdout, stdin] = [new Sink(), new PassThrough()];
    const socket = await new k8s.Attach(config).attach(
      "default",
      "typed",
      "main",
      stdout,
      null,
      stdin,
      false,
    );
    stdin.write("hello\n");
    await stdout.until(bytes => bytes.toString() === "got hello\n");
    socket.close();
  });

  it("cp: a folder into a pod", async () => {
    const folder = mkdtempSync(join(tmpdir(), "podwire-client-node-"));
    try {
      const bytes = randomBytes(300_000);
      writeFileSync(join(folder, "file"), bytes);
      await exec(["mkdir", "/tmp/there"]);
      // It does not wait for the end. (Its way out of a pod unpacks what it asks to be compressed: it cannot work.)
      await new k8s.Cp(config).cpToPod("default", "web", "main", folder, "/tmp/there");
      while (!(await exec(["sha256sum", "/tmp/there/file"])).stdout.startsWith(sha256(bytes)));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("log: followed", async () => {
    const sink = new Sink();
    const stop = await new k8s.Log(config).log("default", "counter", "main", sink, { follow: true });
    await sink.until(bytes => bytes.toString().includes("line 100\n"));
    assert.match(sink.bytes.toString(), /^line 1\nline 2\n/);
    stop.abort();
  });

  it("port-forward: a large answer, many at once, a port where nothing listens", async () => {
    const forward = async (port: number, request: string) => {
      const [output, errors] = [new Sink(), new Sink()];
      const input = new PassThrough();
      const socket = await new k8s.PortForward(config).portForward(
        "default",
        "transfer",
        [port],
        output,
        errors,
        input,
      );
      input.write(request);
      return { output, errors, socket: typeof socket === "function" ? socket()! : socket };
    };
    const transfers = Array.from({ length: 12 }, async (_, at) => {
      const length = 500_000 + at;
      const { output, socket } = await forward(7000, `SEND ${length}\n`);
      const closed = once(socket, "close");
      await output.until(bytes => bytes.length === length);
      assert.equal(sha256(output.bytes), patternHash(length));
      await closed;
    });
    await Promise.all(transfers);
    const { errors } = await forward(7001, "x");
    await errors.until(bytes =>
      /error forwarding port 7001 to pod transfer.*connection refused/.test(bytes.toString()),
    );
  });
});
