/** Whatever JSON comes: it is admitted, refused with an ApiError, or found invalid. Nothing else happens. */
import assert from "node:assert/strict";
import { testSeed } from "@podwire/wire/testing";
import fc from "fast-check";
import { admit } from "../admit.ts";
import { ApiError } from "../errors.ts";
import { servedKinds } from "../kinds/table.ts";
import { objectsOf } from "../testing/objects.ts";
import { podManifest } from "../testing/pods.ts";
import { validateNew, validateUpdate } from "./validate.ts";

const WHOLE_POD = podManifest({
  metadata: {
    name: "web",
    namespace: "default",
    labels: { a: "b" },
    finalizers: ["a.b/c"],
    ownerReferences: [],
  },
  spec: {
    initContainers: [{ name: "i", image: "x", restartPolicy: "Always" }],
    containers: [
      {
        name: "app",
        image: "nginx:1",
        ports: [{ containerPort: 80, name: "http" }],
        env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "x" } } }],
        resources: { limits: { cpu: "1" }, requests: { cpu: "100m" } },
        volumeMounts: [{ name: "v", mountPath: "/v" }],
        livenessProbe: { httpGet: { port: "http" } },
        lifecycle: { preStop: { exec: { command: ["x"] } } },
      },
    ],
    volumes: [{ name: "v", projected: { sources: [{ configMap: { name: "c" } }] } }],
    tolerations: [{ key: "a", operator: "Exists" }],
    hostAliases: [{ ip: "1.2.3.4", hostnames: ["a"] }],
    dnsConfig: { nameservers: ["1.1.1.1"] },
    schedulingGates: [{ name: "g" }],
  },
  status: { phase: "Running", containerStatuses: [{ name: "app" }] },
});

type Json = Record<string, unknown>;

/** Every place in the value, as paths. */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

function withChange(value: unknown, path: readonly string[], replacement: unknown): unknown {
  const copy = structuredClone(value) as Json;
  let holder = copy;
  for (const key of path.slice(0, -1)) holder = holder[key] as Json;
  const last = path.at(-1);
  if (last === undefined) return replacement;
  if (replacement === undefined) delete holder[last];
  else holder[last] = replacement;
  // As it would arrive: a list has no holes.
  return JSON.parse(JSON.stringify(copy));
}

function tryAll(manifest: unknown): void {
  for (const kind of servedKinds) {
    try {
      const { object } = admit(kind, manifest);
      const errors = validateNew(kind, object);
      validateUpdate(kind, object, structuredClone(object));
      // What is invalid is never stored, and so never printed.
      if (errors.length === 0) for (const column of kind.columns) column.cell(object, 0);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      assert.equal(error.code, 400);
    }
  }
}

describe("admission and validation", () => {
  const seed = testSeed();

  it("survive any JSON", () => {
    fc.assert(fc.property(fc.jsonValue(), tryAll), { seed, numRuns: 2_000 });
  }).timeout(120_000);

  for (const kind of servedKinds) {
    it(`survive any ${kind.kind} of ${kind.group || "core"}`, () => {
      const objects = objectsOf(kind.schema);
      const property = fc.property(objects, objects, (one, other) => {
        const [next, stored] = [one, other].map(each => admit(kind, each).object);
        const isWhole = [next!, stored!].every(each => "spec" in each || !kind.schema.fields.has("spec"));
        validateNew(kind, next!);
        // What lacks its spec is never stored.
        if (!isWhole) return;
        kind.prepareUpdate(next!, structuredClone(stored!));
        validateUpdate(kind, next!, stored!);
        stored!.metadata.uid ||= "u";
        stored!.metadata.name ||= "x";
        kind.prepareCreate(stored!);
        if (validateNew(kind, stored!).length === 0)
          for (const column of kind.columns) column.cell(stored!, 0);
      });
      fc.assert(property, { seed, numRuns: 60 });
    }).timeout(60_000);
  }

  it("survive a Pod with anything anywhere", () => {
    const anywhere = fc.constantFrom(...places(WHOLE_POD));
    const anything = fc.oneof(
      fc.constant(undefined),
      fc.constant(null),
      fc.constant({}),
      fc.constant([]),
      fc.constant([null]),
      fc.constant(""),
      fc.jsonValue(),
    );
    const property = fc.property(anywhere, anything, (path, value) =>
      tryAll(withChange(WHOLE_POD, path, value)),
    );
    fc.assert(property, { seed, numRuns: 5_000 });
  }).timeout(120_000);
});
