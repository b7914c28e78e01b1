/**
 * Requests that are almost right: one of a corpus of good ones, with one to three things about it changed. Seeded: the
 * same seed gives the same requests.
 */
import type { Random } from "@podwire/wire/testing";
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
}

const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!;

const labels = { app: "web" };
const containers = [{ name: "main", image: "agnhost", ports: [{ containerPort: 80, protocol: "TCP" }] }];
const template = { metadata: { labels }, spec: { containers } };
const selector = { matchLabels: labels };

/** A good object of each shape: group and version, plural, object. */
const OBJECTS: readonly (readonly [string, string, object])[] = [
  ["/api/v1", "pods", { kind: "Pod", spec: { containers, volumes: [{ name: "v", emptyDir: {} }] } }],
  ["/api/v1", "configmaps", { kind: "ConfigMap", data: { key: "value" }, binaryData: { raw: "AAEC" } }],
  ["/api/v1", "secrets", { kind: "Secret", type: "Opaque", data: { key: "dmFsdWU=" } }],
  [
    "/api/v1",
    "services",
    { kind: "Service", spec: { selector: labels, ports: [{ port: 80, targetPort: "http" }] } },
  ],
  ["/apis/apps/v1", "deployments", { kind: "Deployment", spec: { replicas: 2, selector, template } }],
  [
    "/apis/apps/v1",
    "statefulsets",
    { kind: "StatefulSet", spec: { serviceName: "web", selector, template } },
  ],
  [
    "/apis/batch/v1",
    "jobs",
    { kind: "Job", spec: { template: { spec: { containers, restartPolicy: "Never" } } } },
  ],
  [
    "/apis/networking.k8s.io/v1",
    "networkpolicies",
    {
      kind: "NetworkPolicy",
      spec: { podSelector: selector, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }] },
    },
  ],
  [
    "/apis/discovery.k8s.io/v1",
    "endpointslices",
    {
      kind: "EndpointSlice",
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.1.2.3"] }],
      ports: [{ port: 80 }],
    },
  ],
  [
    "/apis/coordination.k8s.io/v1",
    "leases",
    { kind: "Lease", spec: { holderIdentity: "a", leaseDurationSeconds: 10 } },
  ],
];
const NAMES = ["a", "b", "c", "d"];
const PATCHES: readonly (readonly [string, unknown])[] = [
  ["application/merge-patch+json", { metadata: { labels: { x: "y" } } }],
  [
    "application/strategic-merge-patch+json",
    { spec: { template: { spec: { containers: [{ name: "main", env: [] }] } } } },
  ],
  ["application/strategic-merge-patch+json", { metadata: { annotations: { a: null }, $retainKeys: ["a"] } }],
  ["application/json-patch+json", [{ op: "add", path: "/metadata/labels", value: { x: "y" } }]],
  ["application/apply-patch+yaml", { metadata: { name: "a" }, data: { key: "applied" } }],
];
const QUERIES = [
  "",
  "limit=2",
  "watch=true&timeoutSeconds=1",
  "labelSelector=app%3Dweb",
  "fieldSelector=metadata.name%3Da",
  "dryRun=All",
  "fieldValidation=Strict",
  "fieldManager=fuzz&force=true",
  "resourceVersion=1&resourceVersionMatch=Exact",
  "propagationPolicy=Foreground",
  "gracePeriodSeconds=0",
  "pretty=true",
] as const;
const ACCEPTS = [
  "application/json",
  "application/json;as=Table;v=v1;g=meta.k8s.io",
  "*/*",
  "application/yaml",
  "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
  "application/vnd.kubernetes.protobuf",
] as const;
const OTHER_PATHS = [
  "/version",
  "/healthz",
  "/api",
  "/apis",
  "/api/v1",
  "/apis/apps/v1",
  "/openapi/v3",
  "/nothing",
];

export function goodRequest(random: Random): FuzzRequest {
  // Most clients take anything.
  const headers: Record<string, string> = { accept: random(4) === 0 ? pick(random, ACCEPTS) : "*/*" };
  if (random(20) === 0) return { method: "GET", path: pick(random, OTHER_PATHS), headers, body: undefined };
  const [group, plural, object] = pick(random, OBJECTS);
  const collection = `${group}/namespaces/default/${plural}`;
  const name = pick(random, NAMES);
  const query = pick(random, QUERIES);
  const withQuery = (path: string) => (query === "" ? path : `${path}?${query}`);
  const whole = {
    apiVersion: group.split("/").slice(2).join("/"),
    ...object,
    metadata: { name, namespace: "default", labels },
  };
  const json = (body: unknown, type = "application/json") => {
    headers["content-type"] = type;
    return Buffer.from(JSON.stringify(body));
  };
  switch (random(8)) {
    case 0:
    case 1:
      return { method: "POST", path: withQuery(collection), headers, body: json(whole) };
    case 2:
      return { method: "PUT", path: withQuery(`${collection}/${name}`), headers, body: json(whole) };
    case 3:
    case 4: {
      const [type, patch] = pick(random, PATCHES);
      return { method: "PATCH", path: withQuery(`${collection}/${name}`), headers, body: json(patch, type) };
    }
    case 5: {
      const options = {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: "Background",
        gracePeriodSeconds: 0,
      };
      return { method: "DELETE", path: withQuery(`${collection}/${name}`), headers, body: json(options) };
    }
    case 6:
      return { method: "GET", path: withQuery(`${collection}/${name}`), headers, body: undefined };
    default:
      return { method: "GET", path: withQuery(collection), headers, body: undefined };
  }
}

/** One to three changes. */
export function mutated(request: FuzzRequest, random: Random): FuzzRequest {
  let result = request;
  for (let left = 1 + random(3); left > 0; left--) result = pick(random, MUTATIONS)(result, random);
  return result;
}

type Mutation = (request: FuzzRequest, random: Random) => FuzzRequest;

const JUNK_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  2 ** 53,
  1.5,
  "",
  "x".repeat(300),
  "\u0000",
  "\ud800",
  [],
  {},
  [[]],
  [null],
  { toString: 1 },
  "../../etc",
  "2020-01-01T00:00:00Z",
  "100m",
  "%",
  "__proto__",
  "constructor",
  [1, 2, 3],
];
const JUNK_SEGMENTS = [
  "",
  "..",
  "%00",
  "%2e%2e",
  "%zz",
  "a".repeat(2_000),
  "pods",
  "namespaces",
  "status",
  "scale",
  "__proto__",
  "é",
];
const JUNK_TYPES = [
  "text/plain",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
  "application/apply-patch+yaml",
  ";;;",
  "application/json;charset=utf-16",
];
const JUNK_QUERY = [
  "limit=-1",
  "limit=1e9",
  "continue=AAAA",
  "labelSelector=((",
  "fieldSelector=a",
  "resourceVersion=x",
  "dryRun=Some",
  "watch=maybe",
  "timeoutSeconds=0",
  "%",
  "=&=",
  "fieldManager=%00",
  "force=perhaps",
  "sendInitialEvents=true",
];

const MUTATIONS: readonly Mutation[] = [
  changeValue,
  changeValue,
  changeValue,
  changeValue,
  (request, random) => ({
    ...request,
    method: pick(random, ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]),
  }),
  (request, random) => ({ ...request, path: changeSegment(request.path, random) }),
  (request, random) => ({
    ...request,
    path: `${request.path}${request.path.includes("?") ? "&" : "?"}${pick(random, JUNK_QUERY)}`,
  }),
  (request, random) => ({
    ...request,
    headers: { ...request.headers, "content-type": pick(random, JUNK_TYPES) },
  }),
  (request, random) => ({
    ...request,
    headers: { ...request.headers, accept: pick(random, [...JUNK_TYPES, ...ACCEPTS]) },
  }),
  (request, random) => withBody(request, body => body.subarray(0, random(body.length))),
  (request, random) => withBody(request, body => flipped(body, random)),
  (request, random) => withBody(request, body => Buffer.concat([body, body.subarray(random(body.length))])),
  request => withBody(request, () => Buffer.from(`${"[".repeat(5_000)}${"]".repeat(5_000)}`)),
  request =>
    withBody(request, body =>
      Buffer.from(`{"a":${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)},${body.toString("latin1").slice(1)}`),
    ),
  (request, random) =>
    withBody(request, () => Buffer.from(Array.from({ length: random(200) }, () => random(256)))),
];

function withBody(request: FuzzRequest, change: (body: Buffer) => Buffer): FuzzRequest {
  return request.body === undefined ? request : { ...request, body: change(request.body) };
}

function flipped(body: Buffer, random: Random): Buffer {
  const copy = Buffer.from(body);
  for (let left = 1 + random(4); left > 0 && copy.length > 0; left--) copy[random(copy.length)] = random(256);
  return copy;
}

function changeSegment(path: string, random: Random): string {
  const [route = "", query] = path.split("?", 2);
  const segments = route.split("/");
  segments[1 + random(segments.length - 1)] = pick(random, JUNK_SEGMENTS);
  return segments.join("/") + (query === undefined ? "" : `?${query}`);
}

/** Somewhere in the JSON, a value becomes junk, a member is added, or one goes. */
function changeValue(request: FuzzRequest, random: Random): FuzzRequest {
  return withBody(request, body => {
    // What nests too deep for this process to write is left as it is.
    if (body.length > 5_000) return body;
    let document: unknown;
    try {
      document = JSON.parse(body.toString());
    } catch {
      return body;
    }
    let holder = document as Record<string, unknown>;
    for (;;) {
      if (typeof holder !== "object" || holder === null) return body;
      const keys = Object.keys(holder);
      if (keys.length === 0 || random(6) === 0) {
        holder[pick(random, ["unknown", "__proto__x", "spec", "metadata", "0"])] = pick(random, JUNK_VALUES);
        break;
      }
      const key = pick(random, keys);
      const inner = holder[key];
      if (typeof inner === "object" && inner !== null && random(4) > 0) {
        holder = inner as Record<string, unknown>;
        continue;
      }
      if (random(5) === 0) delete holder[key];
      else holder[key] = pick(random, JUNK_VALUES);
      break;
    }
    return Buffer.from(JSON.stringify(document));
  });
}
