/**
 * Strategic merge against a real kubectl, which computes the same patches on its own (`kubectl patch --local`).
 * Skipped where there is none.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { kindOf, StrategicMergeError, strategicMergePatch } from "@podwire/api";
import { type Random, seededRandom, testSeed } from "@podwire/wire/testing";
import { merged, one, type Subject } from "../testing/histories/history.ts";
import { subjects } from "../testing/histories/subjects.ts";
import { KUBECTL, needsKubectl } from "../testing/kubectl.ts";

const run = promisify(execFile);

const PATCHES = 12;
const OBJECTS = 25;

describe("strategic merge as kubectl computes it", function () {
  this.timeout(120_000);
  let home: string;
  before(needsKubectl);
  before(async () => {
    home = await mkdtemp(join(tmpdir(), `podwire-strategic-${process.pid}-`));
  });
  after(() => home && rm(home, { recursive: true, force: true }));

  for (const subject of subjects) {
    const seed = testSeed();
    it(`${subject.kind} (PODWIRE_SEED=${seed})`, async () => {
      const random = seededRandom(seed);
      for (let round = 0; round < PATCHES; round++) {
        const patch = randomPatch(subject, random);
        const objects = Array.from({ length: OBJECTS }, (_, at) => randomObject(subject, `o${at}`, random));
        const ours = objects.map(object => patched(object, patch));
        const { results, errors } = await kubectlPatch(objects, patch);
        const fits = ours.filter(({ error }) => error === undefined);
        assert.deepEqual(
          results,
          fits.map(({ result }) => result),
          JSON.stringify(patch),
        );
        const expected = ours.flatMap(({ error }) => error ?? []);
        assert.equal(errors, printedErrors(expected), JSON.stringify(patch));
      }
    });
  }

  async function kubectlPatch(
    objects: readonly object[],
    patch: object,
  ): Promise<{ results: unknown[]; errors: string }> {
    const file = join(home, "objects.json");
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    const args = [
      "patch",
      "--local",
      "--type=strategic",
      "-f",
      file,
      "-p",
      JSON.stringify(patch),
      "-o",
      "json",
    ];
    const env = { PATH: process.env.PATH, HOME: home };
    const { stdout, stderr } = await run(KUBECTL, args, { env, maxBuffer: 1 << 26 }).catch(
      (failure: { stdout: string; stderr: string }) => failure,
    );
    const documents = stdout.split(/(?<=^\}\n)/m).filter(text => text.trim() !== "");
    return { results: documents.map(text => JSON.parse(text) as unknown), errors: stderr.trimEnd() };
  }
});

/** kubectl goes on after an object that the patch does not fit, and tells of all in the end. */
function printedErrors(errors: readonly string[]): string {
  return (errors.length === 1 ? `error: ${errors[0]}` : errors.join("\n")).trimEnd();
}

function randomPatch(subject: Subject, random: Random): object {
  const parts = random(2) === 0 ? subject.directives : subject.parts;
  return one(parts, random)(random);
}

function randomObject(subject: Subject, name: string, random: Random): object {
  const header = { apiVersion: subject.apiVersion, kind: subject.kind, metadata: { name } };
  const parts = Array.from({ length: random(5) }, () => one(subject.parts, random)(random));
  return merged([header, subject.base, ...parts]);
}

function patched(object: object, patch: object): { result?: unknown; error?: string } {
  const { schema } = kindOf(object as { apiVersion: string; kind: string })!;
  try {
    return { result: strategicMergePatch(schema, object, patch) };
  } catch (error) {
    if (!(error instanceof StrategicMergeError)) throw error;
    return { error: error.message };
  }
}
