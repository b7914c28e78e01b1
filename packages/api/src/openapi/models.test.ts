/**
 * The models against upstream's own OpenAPI document, property by property, where Go can fetch it. What differs is
 * named here.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { selfSubjectReview } from "../authentication/self-subject-review.ts";
import { selfSubjectAccessReview } from "../authorization/self-subject-access-review.ts";
import { selfSubjectRulesReview } from "../authorization/self-subject-rules-review.ts";
import { scale } from "../autoscaling/scale.ts";
import { binding } from "../core/binding.ts";
import { deleteOptions } from "../core/meta.ts";
import { allKinds } from "../kinds/table.ts";
import { eviction } from "../policy/eviction.ts";
import { goModule, UPSTREAM_TEST_TIMEOUT_MS } from "../testing/upstream.ts";
import { listSchema, status } from "./answers.ts";
import { type Dialect, type Model, Models } from "./models.ts";
import { modelNames, type Root } from "./names.ts";

const reviews = [selfSubjectAccessReview, selfSubjectRulesReview];

const roots: readonly Root[] = [
  ...allKinds,
  ...allKinds.map(kind => ({ group: kind.group, version: kind.version, schema: listSchema(kind) })),
  ...[binding, status, deleteOptions].map(schema => ({ group: "", version: "v1", schema })),
  ...reviews.map(schema => ({ group: "authorization.k8s.io", version: "v1", schema })),
  { group: "authentication.k8s.io", version: "v1", schema: selfSubjectReview },
  { group: "autoscaling", version: "v1", schema: scale },
  { group: "policy", version: "v1", schema: eviction },
];

function draw(dialect: Dialect): Record<string, Model> {
  const kinds = new Map(
    allKinds.map(({ group, version, kind, schema }) => [schema, { group, version, kind }]),
  );
  const models = new Models(dialect, modelNames(roots), kinds);
  for (const { schema } of roots) models.referToObject(schema);
  return models.all;
}

/** Where validation asks for more or less than upstream's model does. */
const REQUIRED_OTHERWISE = new Set([
  "io.k8s.api.apps.v1.StatefulSetStatus",
  "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
  "io.k8s.api.authorization.v1.SelfSubjectRulesReview",
  "io.k8s.api.core.v1.Event",
  "io.k8s.api.core.v1.HTTPHeader",
  "io.k8s.api.core.v1.Sysctl",
  "io.k8s.api.events.v1.Event",
  "io.k8s.apimachinery.pkg.apis.meta.v1.Condition",
]);

const COMPARED = [
  "type",
  "format",
  "$ref",
  "items",
  "additionalProperties",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
  "x-kubernetes-patch-strategy",
  "x-kubernetes-patch-merge-key",
];

/** Values that say what their absence says. */
const UNSAID = new Set<unknown>(["atomic list", "granular"]);

function compared(property: Model): Model {
  const listType = property["x-kubernetes-list-type"];
  const spoken = { ...property, ...(listType === "atomic" && { "x-kubernetes-list-type": "atomic list" }) };
  return Object.fromEntries(
    COMPARED.flatMap(name => {
      const value = (spoken as Model)[name];
      return value === undefined || UNSAID.has(value) ? [] : [[name, value]];
    }),
  );
}

describe("OpenAPI models", () => {
  it("are upstream's", async function () {
    const folder = await goModule("k8s.io/kubernetes@v1.34.3");
    if (folder === undefined) return this.skip();
    const file = join(folder, "api", "openapi-spec", "swagger.json");
    const { definitions } = JSON.parse(readFileSync(file, "utf8")) as { definitions: Record<string, Model> };
    const ours = draw("v2");
    assert(Object.keys(ours).length > 250);
    for (const [name, model] of Object.entries(ours)) {
      const theirs = definitions[name];
      assert(theirs, `upstream has no ${name}`);
      const properties = (model.properties ?? {}) as Record<string, Model>;
      const theirProperties = (theirs.properties ?? {}) as Record<string, Model>;
      assert.deepEqual(Object.keys(properties).sort(), Object.keys(theirProperties).sort(), name);
      assert.equal(model["x-kubernetes-map-type"], theirs["x-kubernetes-map-type"], name);
      if (!REQUIRED_OTHERWISE.has(name))
        assert.deepEqual(sorted(model.required), sorted(theirs.required), name);
      for (const [key, property] of Object.entries(properties)) {
        const theirProperty = theirProperties[key]!;
        assert.deepEqual(compared(property), compared(theirProperty), `${name}.${key}`);
        const theirDefault = theirProperty.default;
        if (theirDefault !== undefined) assert.deepEqual(property.default, theirDefault, `${name}.${key}`);
      }
    }
  }).timeout(UPSTREAM_TEST_TIMEOUT_MS);

  it("name their kinds", () => {
    const kind = { group: "apps", version: "v1", kind: "Deployment" };
    assert.deepEqual(draw("v3")["io.k8s.api.apps.v1.Deployment"]!["x-kubernetes-group-version-kind"], [kind]);
  });

  it("refer to nothing that is not there", () => {
    for (const dialect of ["v2", "v3"] as const) {
      const models = draw(dialect);
      for (const [, name] of JSON.stringify(models).matchAll(/"\$ref":"[^"]*\/([^"/]+)"/g)) {
        assert(models[name!], name);
      }
    }
  });

  it("wrap references that have a description beside them, in 3.0", () => {
    const spec = draw("v3")["io.k8s.api.apps.v1.DeploymentSpec"]!.properties as Record<string, Model>;
    const reference = { $ref: "#/components/schemas/io.k8s.api.core.v1.PodTemplateSpec" };
    assert.deepEqual(spec.template!.allOf, [reference]);
  });
});

const sorted = (names: unknown) => [...((names as string[] | undefined) ?? [])].sort();
