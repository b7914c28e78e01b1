/** Documentation that can be compared with the code is. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DROP_REASONS, dropExplanation, dropName } from "@podwire/tables";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGES = ["README.md", "ARCHITECTURE.md", "HACKING.md", "CHANGELOG.md", "bench/README.md"].concat(
  readdirSync(join(ROOT, "docs"))
    .filter(name => name.endsWith(".md"))
    .map(name => `docs/${name}`),
);

describe("docs", () => {
  it("docs/drops.md names every reason to drop, in the words of the code", () => {
    const rows = readFileSync(join(ROOT, "docs/drops.md"), "utf8").match(/^\| `.*$/gm);
    const reasons = Array.from({ length: DROP_REASONS - 1 }, (_, index) => index + 1);
    assert.deepEqual(
      rows,
      reasons.map(reason => `| \`${dropName(reason)}\` | ${dropExplanation(reason)} |`),
    );
  });

  it("every relative link leads somewhere", () => {
    const broken = PAGES.flatMap(page => {
      const text = readFileSync(join(ROOT, page), "utf8");
      return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
        .map(match => match[1]!)
        .filter(target => !existsSync(join(ROOT, dirname(page), target)))
        .map(target => `${page}: ${target}`);
    });
    assert.deepEqual(broken, []);
  });

  it("every packages/ path that a page names exists", () => {
    const missing = PAGES.flatMap(page => {
      const text = readFileSync(join(ROOT, page), "utf8");
      return [
        ...text.matchAll(
          /\b(?:packages|test|scripts|proto|docs|bench)\/[\w./-]+\.(?:ts|md|proto|yaml|json)\b/g,
        ),
      ]
        .map(match => match[0])
        .filter(path => !existsSync(join(ROOT, path)))
        .map(path => `${page}: ${path}`);
    });
    assert.deepEqual(missing, []);
  });
});
