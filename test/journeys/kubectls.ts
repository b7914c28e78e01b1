/**
 * The kubectl programs to test with: the one in PATH, and those that PODWIRE_KUBECTLS names, separated by colons;
 * scripts/kubectls fetches some.
 */
import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";

export interface Kubectl {
  readonly path: string;
  /** Such as `v1.32.4`. */
  readonly version: string;
  /** Of 1.32: 32. */
  readonly minor: number;
}

let found: readonly Kubectl[] | undefined;

/** One of each version, in this order. */
export function kubectls(): readonly Kubectl[] {
  found ??= find();
  return found;
}

function find(): readonly Kubectl[] {
  const inPath = (process.env.PATH ?? "").split(":").map(folder => join(folder, "kubectl"));
  const named = (process.env.PODWIRE_KUBECTLS ?? "").split(":").filter(path => path !== "");
  const first = inPath.filter(isProgram).slice(0, 1);
  const versions = new Map<string, Kubectl>();
  for (const path of [...first, ...named]) {
    const version = versionOf(path);
    const minor = Number(/^v1\.(\d+)\./.exec(version)?.[1]);
    if (!versions.has(version)) versions.set(version, { path, version, minor });
  }
  return [...versions.values()];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function versionOf(path: string): string {
  const { clientVersion } = JSON.parse(
    execFileSync(path, ["version", "--client", "-o", "json"], { encoding: "utf8" }),
  );
  return clientVersion.gitVersion;
}

/** A `describe` for each of them, or one test that says why there is none. */
export function describeKubectls(what: string, body: (kubectl: Kubectl) => void): void {
  if (kubectls().length === 0) {
    describe(what, () => {
      it("needs kubectl: there is none in PATH, and PODWIRE_KUBECTLS names none", function () {
        this.skip();
      });
    });
  }
  for (const kubectl of kubectls()) describe(`${what}: kubectl ${kubectl.version}`, () => body(kubectl));
}

export interface Said {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Running {
  readonly said: Promise<Said>;
  /** Resolves when it has written this on stdout. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  type(input: string): void;
  kill(signal?: NodeJS.Signals): void;
}

/** A program with a kubeconfig of its own, and nothing of the user's. */
export function start(
  kubeconfig: string,
  program: string,
  args: readonly string[],
  input?: Buffer | string,
): Running {
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", KUBECONFIG: kubeconfig, TERM: "dumb" };
  const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => {});
  if (input !== undefined) child.stdin.end(input);
  let seen = "";
  let wake = () => {};
  child.stdout.on("data", bytes => {
    seen += bytes;
    wake();
  });
  let hasEnded = false;
  const code = new Promise<number | null>(resolve => {
    child.once("close", status => {
      hasEnded = true;
      wake();
      resolve(status);
    });
  });
  const said = Promise.all([code, buffer(child.stdout), text(child.stderr)]).then(
    ([status, stdout, stderr]) => {
      return { code: status, stdout, stderr };
    },
  );
  return {
    said,
    until: async pattern => {
      for (;;) {
        const match = pattern.exec(seen);
        if (match) return match;
        if (hasEnded) throw new Error(`ended without saying ${pattern}: ${seen}${(await said).stderr}`);
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    },
    type: typed => child.stdin.write(typed),
    kill: (signal = "SIGKILL") => child.kill(signal),
  };
}

/** Within a terminal of so many rows and columns: `script` of util-linux makes one. */
export function startInTerminal(
  kubeconfig: string,
  size: { rows: number; columns: number },
  words: readonly string[],
): Running {
  const line = words.map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const command = `stty rows ${size.rows} cols ${size.columns}; ${line}; code=$?; exit $code`;
  return start(kubeconfig, "script", ["-qec", command, "/dev/null"]);
}
