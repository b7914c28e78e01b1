/**
 * What `tsc -b` has built -> the programs, in a few files each: a daemon of hundreds of small modules spends most of its
 * start on finding and linking them, twice the processor time and 9 MB more than one that is a file.
 *
 *   packages/cli/bundle/main.js      the command and the daemons; parts that are rarely needed load on demand
 *   packages/cli/bundle/*-worker.js  the threads of a node's daemon
 *   packages/agnhost/bundle/main.js  the built-in test image
 *
 * Native packages stay where npm has put them, and so does @podwire/bench, which only measures; and what is imported on
 * demand, because CommonJS loses its names when it is bundled for that.
 */
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PROGRAMS = [
  { package: "cli", entries: { main: "dist/main.js", ...threadsOf("node") } },
  { package: "agnhost", entries: { main: "dist/main.js" } },
];

/** Files that are started as threads: in the bundle they lie beside whoever starts them. */
function threadsOf(name) {
  const dist = fileURLToPath(new URL(`../packages/${name}/dist/`, import.meta.url));
  const files = readdirSync(dist, { recursive: true }).filter(file => file.endsWith("-worker.js"));
  return Object.fromEntries(files.map(file => [basename(file, ".js"), join(dist, file)]));
}

/** CommonJS packages that were bundled ask for Node's own modules this way. */
const REQUIRE =
  'import { createRequire as podwireRequire } from "node:module"; const require = podwireRequire(import.meta.url);';

for (const program of PROGRAMS) {
  const folder = fileURLToPath(new URL(`../packages/${program.package}/`, import.meta.url));
  await rm(`${folder}bundle`, { recursive: true, force: true });
  await build({
    absWorkingDir: folder,
    entryPoints: program.entries,
    outdir: "bundle",
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    sourcemap: "linked",
    banner: { js: REQUIRE },
    external: ["koffi", "lmdb", "@podwire/bench", "fzstd", "ws", "yaml"],
    logLevel: "warning",
  });
}
