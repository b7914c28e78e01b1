// Mocha loads this first: labs run the bundled programs, so tests against a bundle of an older build would test nothing.
"use strict";
const { readdirSync, statSync } = require("node:fs");
const { join } = require("node:path");

const packages = join(__dirname, "..", "packages");
const timeOf = path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const bundled = timeOf(join(packages, "cli/bundle/main.js"));
const stale = readdirSync(packages).filter(
  name => timeOf(join(packages, name, "tsconfig.tsbuildinfo")) > bundled,
);
if (stale.length > 0) {
  throw new Error(
    `the bundled programs are older than the build of ${stale.join(", ")}: run "npm run build"`,
  );
}
