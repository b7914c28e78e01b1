/**
 * The architecture's invariants, checked by machine: ARCHITECTURE.md, "Invariants". A failure names the file
 * and the rule; the rule's reason stands in ARCHITECTURE.md or HACKING.md.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Down this list to up: a package imports only from those before it. */
const ORDER = [
  "wire",
  "api",
  "tables",
  "compiler",
  "dataplane",
  "linux",
  "protocol",
  "pki",
  "store",
  "apiserver",
  "client",
  "controllers",
  "agnhost",
  "runtime",
  "node",
  "lab",
  "bench",
  "cli",
];

const PURE = ["wire", "api", "tables", "compiler", "dataplane"];

/** What makes a result depend on when, where or how often it runs. */
const IMPURE = [
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bMath\.random\b/,
  /\bperformance\.now\b/,
  /\bprocess\./,
  /\bBuffer\b/,
];

const MAX_FILE_LINES = 700;

interface SourceFile {
  path: string;
  package: string;
  text: string;
  imports: string[];
  isTest: boolean;
}

function sources(): SourceFile[] {
  const files: SourceFile[] = [];
  for (const name of readdirSync(join(ROOT, "packages"))) {
    const folder = join(ROOT, "packages", name, "src");
    for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!/\.tsx?$/.test(entry)) continue;
      const text = readFileSync(join(folder, entry), "utf8");
      const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(match => match[1]!);
      const isTest = /\.(test|bench)\.ts$/.test(entry) || entry.startsWith("testing/");
      files.push({ path: relative(ROOT, join(folder, entry)), package: name, text, imports, isTest });
    }
  }
  return files;
}

/** Lines without comments and string literals, so that prose does not trip a rule about code. */
function code(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\/\/.*$/gm, "")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
}

function podwireImports(file: SourceFile): string[] {
  return file.imports.filter(name => name.startsWith("@podwire/")).map(name => name.split("/")[1]!);
}

function trackedFiles(): string[] {
  return execFileSync("git", ["-C", ROOT, "ls-files"], { encoding: "utf8" }).split("\n").filter(Boolean);
}

describe("tidy", () => {
  const all = sources();
  const shipped = all.filter(file => !file.isTest);
  const check = (rule: string, offenders: string[]) => it(rule, () => assert.deepEqual(offenders, []));

  check(
    "every package has its place in the import order",
    readdirSync(join(ROOT, "packages")).filter(name => !ORDER.includes(name)),
  );

  check(
    "compiler and dataplane never import each other",
    all
      .filter(file => file.package === "compiler" || file.package === "dataplane")
      .filter(file =>
        podwireImports(file).some(name => name !== file.package && /^(compiler|dataplane)$/.test(name)),
      )
      .map(file => file.path),
  );

  check(
    "imports between packages follow the order, so there are no cycles",
    shipped.flatMap(file =>
      podwireImports(file)
        .filter(name => ORDER.indexOf(name) >= ORDER.indexOf(file.package))
        .map(name => `${file.path} imports @podwire/${name}`),
    ),
  );

  check("no cycles between the files of a package", fileCycles(shipped));

  check(
    "pure packages import nothing of node",
    shipped
      .filter(file => PURE.includes(file.package))
      .flatMap(file =>
        file.imports.filter(name => name.startsWith("node:")).map(name => `${file.path}: ${name}`),
      ),
  );

  check(
    "pure packages have no clock, randomness or process of their own",
    shipped
      .filter(file => PURE.includes(file.package))
      .flatMap(file =>
        IMPURE.filter(pattern => pattern.test(code(file.text))).map(
          pattern => `${file.path}: ${pattern.source}`,
        ),
      ),
  );

  check(
    "only linux touches the FFI",
    all.filter(file => file.package !== "linux" && file.imports.includes("koffi")).map(file => file.path),
  );

  check(
    "only store knows how state is kept",
    shipped.filter(file => file.imports.includes("lmdb") && file.package !== "store").map(file => file.path),
  );

  check(
    "only apiserver, and the process that composes it, opens a store",
    shipped
      .filter(file => podwireImports(file).includes("store"))
      .filter(
        file => file.package !== "apiserver" && file.path !== "packages/cli/src/commands/control-plane.ts",
      )
      .map(file => file.path),
  );

  check(
    "a file opens with its journey or contract",
    shipped
      .filter(file => !file.path.includes("/gen/") && !/^(#!.*\n)?\s*\/(\*\*|\/)/.test(file.text))
      .map(file => file.path),
  );

  check(
    `no file is longer than ${MAX_FILE_LINES} lines`,
    all
      .filter(file => !file.path.includes("/gen/") && file.text.split("\n").length > MAX_FILE_LINES)
      .map(file => file.path),
  );

  check(
    "no Manager, Helper, utils or I-prefixed interface",
    all
      .filter(
        file =>
          /\b(class|interface|type|function) (\w*(Manager|Helper)\b|I[A-Z][a-z]\w*)/.test(code(file.text)) ||
          /(^|\/)(utils?|helpers?|common|shared)(\.ts|\/)/.test(file.path),
      )
      .map(file => file.path),
  );

  check(
    "nothing is left to do in comments",
    all.filter(file => /\b(TODO|FIXME|XXX)\b/.test(file.text)).map(file => file.path),
  );

  it("threads are files with names of their own that end in -worker, as the bundle looks for them", () => {
    const started = shipped.flatMap(({ text }) =>
      [...text.matchAll(/new Worker\(new URL\("([^"]+)"/g)].map(([, file]) => file!),
    );
    assert.ok(started.length > 0);
    assert.deepEqual(
      started.filter(file => !/^\.\/[a-z]+-worker\.js$/.test(file)),
      [],
    );
    assert.equal(new Set(started).size, started.length, `${started}`);
  });

  it("what npm packages load on demand stays out of the bundle, which would lose their names", () => {
    const external = /external: \[([^\]]*)\]/.exec(
      readFileSync(join(ROOT, "scripts/bundle.mjs"), "utf8"),
    )![1]!;
    const onDemand = (text: string) =>
      [...text.matchAll(/await import\("([^".]+)"\)/g)].map(([, name]) => name!);
    const offenders = all
      .filter(file => !file.isTest)
      .flatMap(({ path, text }) => onDemand(text).map(name => ({ path, name })))
      .filter(({ name }) => !name.startsWith("node:") && !external.includes(`"${name}"`))
      .filter(({ name }) => !name.startsWith("@podwire/"))
      .map(({ path, name }) => `${path}: ${name}`);
    assert.deepEqual(offenders, []);
  });

  it("tracked files hold no path of this machine and no registry's address", () => {
    const offenders = trackedFiles().filter(path => {
      const text = readFileSync(join(ROOT, path), "utf8");
      const registry = /"resolved": "h[t]tp|https?:[/]{2}registry\./;
      return path !== "test/tidy.test.ts" && (text.includes(ROOT.replace(/\/$/, "/")) || registry.test(text));
    });
    assert.deepEqual(offenders, []);
  });
});

/** Import cycles between files, found by a depth-first walk; each is named once, by its path. */
function fileCycles(files: SourceFile[]): string[] {
  const graph = new Map<string, string[]>();
  for (const file of files) {
    const folder = file.path.replace(/\/[^/]*$/, "");
    const targets = [...file.text.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from "(\.[^"]+)"/gms)];
    graph.set(
      file.path,
      targets.map(match => join(folder, match[1]!)),
    );
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) cycles.push([...trail.slice(at), path].join(" -> "));
    if (at >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}
