// Mocha's spec reporter, and after it the one line that CI reads: every test of the run is in it.
"use strict";
const { Spec } = require("mocha").reporters;

module.exports = class CountingReporter extends Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
  }
};
