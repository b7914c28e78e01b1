// Mocha's spec reporter, which also leaves the numbers of its run in the file PODWIRE_TEST_COUNTS names, as
// `passed failed skipped`: scripts/test adds up those of its parts. A part that dies leaves none.
"use strict";
const { writeFileSync } = require("node:fs");
const { Spec } = require("mocha").reporters;

module.exports = class CountingReporter extends Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    const file = process.env.PODWIRE_TEST_COUNTS;
    if (file) writeFileSync(file, `${passes} ${failures} ${pending}\n`);
  }
};
