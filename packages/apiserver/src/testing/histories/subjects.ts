/** The kinds whose objects histories are made of, chosen for their lists: by one key, by two, sets, atomic ones. */
import type { Random } from "@podwire/wire/testing";
import { one, type Subject } from "./history.ts";

const KEYS = ["a", "b", "c"];
const VALUES = ["", "x", "y<&>"];

const labels = (random: Random) => ({ metadata: { labels: { [one(KEYS, random)]: one(KEYS, random) } } });
const annotations = (random: Random) => ({
  metadata: { annotations: { [one(KEYS, random)]: one(VALUES, random) } },
});
const finalizers = (random: Random) => ({
  metadata: { finalizers: KEYS.filter(() => random(2) === 0).map(key => `example.com/${key}`) },
});
const dropped = (random: Random) => ({ metadata: { labels: { [one(KEYS, random)]: null } } });
const noLabels = () => ({ metadata: { labels: null } });
const ownerReferences = (random: Random) => ({
  metadata: {
    ownerReferences: KEYS.filter(() => random(2) === 0).map(key => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      name: one(KEYS, random),
      uid: `00000000-0000-0000-0000-00000000000${key}`,
    })),
  },
});
const METADATA = [labels, annotations, finalizers, dropped, noLabels, ownerReferences];

const metadataDirectives: readonly ((random: Random) => object)[] = [
  random => ({ metadata: { "$deleteFromPrimitiveList/finalizers": [`example.com/${one(KEYS, random)}`] } }),
  random => ({
    metadata: {
      "$setElementOrder/finalizers": ["example.com/c", "example.com/a", "example.com/b"],
      finalizers: [`example.com/${one(KEYS, random)}`],
    },
  }),
  random => ({ metadata: { labels: { $patch: one(["replace", "delete", "odd"], random), z: "z" } } }),
  random => ({ metadata: { $retainKeys: ["name", "labels"], labels: { a: one(KEYS, random) } } }),
  random => ({ metadata: { finalizers: one(["no list", [1], [["a"]], {}], random) } }),
];

const metadataJsonPatches: readonly ((random: Random) => object)[] = [
  random => [{ op: "add", path: "/metadata/labels", value: { [one(KEYS, random)]: "j" } }],
  random => [{ op: "replace", path: `/metadata/labels/${one(KEYS, random)}`, value: "r" }],
  random => [{ op: "remove", path: `/metadata/labels/${one(KEYS, random)}` }],
  random => [{ op: "test", path: `/metadata/labels/${one(KEYS, random)}`, value: "a" }],
  random => [
    { op: "copy", from: `/metadata/labels/${one(KEYS, random)}`, path: "/metadata/annotations/copied" },
  ],
  random => [{ op: "move", from: `/metadata/labels/${one(KEYS, random)}`, path: "/metadata/labels/moved" }],
  random => [{ op: one(["grow", "add", "remove"], random), path: one(["", "x", "/x/y"], random) }],
  () => [{ op: "add", path: "/metadata/finalizers/-", value: "example.com/j" }],
  random => [
    { op: "add", path: `/metadata/finalizers/${one(["0", "7", "x", "-1"], random)}`, value: "example.com/k" },
  ],
  () => [{ op: "add", path: "/metadata/managedFields", value: [] }],
  () => [{ op: "replace", path: "/metadata/managedFields", value: [{}] }],
];

export const configMaps: Subject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  collection: "/api/v1/namespaces/NAMESPACE/configmaps",
  base: { data: { kept: "1" } },
  statusParts: [],
  parts: [
    ...METADATA,
    random => ({ data: { [one(KEYS, random)]: one(VALUES, random) } }),
    random => ({ data: { [one(KEYS, random)]: null } }),
    random => ({ data: one([null, {}], random) }),
    random => ({ binaryData: { [one(["p", "q"], random)]: one(["aGk=", "!!"], random) } }),
    random => ({ unknown: one([1, "x"], random) }),
    random => ({ data: { n: one([1, true, ["l"], { o: 1 }], random) } }),
    random => ({ immutable: one([false, "yes"], random) }),
  ],
  directives: [
    ...metadataDirectives,
    random => ({ data: { $patch: one(["replace", "delete"], random), z: "1" } }),
  ],
  jsonPatches: [
    ...metadataJsonPatches,
    random => [{ op: "add", path: `/data/${one(KEYS, random)}`, value: one([null, "v", 1], random) }],
  ],
};

const container = (random: Random) => ({
  name: one(KEYS, random),
  image: one(["one", "two"], random),
  imagePullPolicy: one(["Always", "Never"], random),
  ...(random(2) === 0 && {
    env: KEYS.filter(() => random(2) === 0).map(name => ({ name, value: one(VALUES, random) })),
  }),
  ...(random(2) === 0 && {
    ports: [80, 81]
      .filter(() => random(2) === 0)
      .map(containerPort => ({
        containerPort,
        ...(random(2) === 0 && { protocol: one(["TCP", "UDP"], random) }),
        ...(random(3) === 0 && { name: `p${containerPort}` }),
      })),
  }),
  ...(random(3) === 0 && { args: ["x", one(KEYS, random)] }),
  ...(random(4) === 0 && { resources: { limits: { cpu: one(["1", "100m"], random) } } }),
});

const containers = (random: Random) => {
  const count = random(3) + 1;
  const list = Array.from({ length: count }, () => container(random));
  // Now and then a name is there twice, or not at all.
  if (random(8) > 0)
    return list.filter((each, at) => list.findIndex(other => other.name === each.name) === at);
  return random(3) > 0 ? list : [...list, { image: "nameless" }];
};

const TIMES = { lastUpdateTime: "2026-01-01T00:00:00Z", lastTransitionTime: "2026-01-01T00:00:00Z" };

const template = (spec: object) => ({ spec: { template: { spec } } });

export const deployments: Subject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  collection: "/apis/apps/v1/namespaces/NAMESPACE/deployments",
  base: {
    spec: {
      selector: { matchLabels: { app: "x" } },
      template: {
        metadata: { labels: { app: "x" } },
        spec: { containers: [{ name: "a", image: "one", imagePullPolicy: "Always" }] },
      },
      strategy: { type: "Recreate" },
    },
  },
  statusParts: [
    random => ({ replicas: random(3) }),
    random => ({ observedGeneration: random(3) }),
    random => ({
      conditions: ["Available", "Progressing"]
        .filter(() => random(2) === 0)
        .map(type => ({ type, status: one(["True", "False"], random), ...TIMES })),
    }),
  ],
  parts: [
    ...METADATA,
    random => ({ spec: { replicas: one([null, 1, 2, "many"], random) } }),
    random => ({ spec: { paused: one([true, false, null], random) } }),
    random => template({ containers: containers(random) }),
    random => template({ containers: containers(random) }),
    random =>
      template({
        volumes: KEYS.filter(() => random(2) === 0).map(name => ({
          name,
          ...one([{ emptyDir: {} }, { configMap: { name: "m" } }, { hostPath: { path: "/x" } }], random),
        })),
      }),
    random => template({ nodeSelector: { [one(KEYS, random)]: one(KEYS, random) } }),
    random => template({ tolerations: [{ key: one(KEYS, random), operator: "Exists" }] }),
    random => template({ securityContext: one([{}, { runAsUser: 1 }, null], random) }),
    random => template({ hostAliases: [{ ip: `10.0.0.${random(3)}`, hostnames: ["h"] }] }),
    random => template({ terminationGracePeriodSeconds: one([5, 30, null], random) }),
    random => ({ spec: { template: { metadata: { annotations: { [one(KEYS, random)]: "t" } } } } }),
    () => ({ spec: { odd: 1 } }),
    random => ({ status: { replicas: random(4) } }),
  ],
  directives: [
    ...metadataDirectives,
    random =>
      template({
        containers: [{ name: one(KEYS, random), $patch: one(["delete", "replace", "merge", "odd"], random) }],
      }),
    random =>
      template({
        "$setElementOrder/containers": [{ name: "b" }, { name: "a" }, { name: "c" }],
        containers: containers(random),
      }),
    random =>
      template({
        "$setElementOrder/containers": one<object[]>(
          [[{ name: "c" }, { name: "a" }], [{ nome: "a" }], []],
          random,
        ),
      }),
    () => ({
      spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } },
    }),
    random =>
      template({
        volumes: [{ name: one(KEYS, random), $retainKeys: ["name", "emptyDir"], emptyDir: {} }],
      }),
    random =>
      template({
        containers: [
          {
            name: one(KEYS, random),
            image: "i",
            imagePullPolicy: "Always",
            env: [{ name: "a", $patch: "delete" }],
          },
        ],
      }),
    random =>
      template({
        containers: [
          {
            name: "a",
            image: "i",
            imagePullPolicy: "Always",
            ports: [{ containerPort: 80, name: one(KEYS, random) }],
          },
        ],
      }),
    random => template({ containers: [{ image: one(["x", "y"], random) }] }),
    () => template({ "$setElementOrder/odd": ["x"] }),
  ],
  jsonPatches: [
    ...metadataJsonPatches,
    random => [{ op: "replace", path: "/spec/replicas", value: one([0, 3, "x", null], random) }],
    random => [{ op: "add", path: "/spec/template/spec/containers/-", value: container(random) }],
    random => [{ op: "remove", path: `/spec/template/spec/containers/${random(3)}` }],
    random => [{ op: "add", path: "/spec/template/spec/nodeSelector", value: { j: one(KEYS, random) } }],
  ],
};

export const subjects: readonly Subject[] = [configMaps, deployments];
