/**
 * What may be done at which path, read off the kind table as discovery is: one list of paths with their operations,
 * from which both dialects of OpenAPI are written.
 */
import {
  binding,
  deleteOptions,
  eviction,
  type GroupVersionKind,
  type Kind,
  listSchema,
  type ObjectSchema,
  type Root,
  scale,
  servedKinds,
  status,
} from "@podwire/api";
import { type Resource, resourcesOf } from "../discovery.ts";
import { DELETE_PARAMETERS, LIST_PARAMETERS, PATCH_PARAMETERS, WRITE_PARAMETERS } from "./parameters.ts";

export type Method = "get" | "put" | "post" | "delete" | "options" | "head" | "patch";

export interface Operation {
  readonly method: Method;
  readonly id: string;
  readonly description: string;
  /** x-kubernetes-action */
  readonly action: string;
  readonly gvk: GroupVersionKind;
  /** Names of query parameters. */
  readonly query: readonly string[];
  readonly body?: ObjectSchema | "patch";
  readonly isBodyOptional?: true;
  /** What it answers, by HTTP code; "text" for streams. */
  readonly answers: Readonly<Record<number, ObjectSchema | "text">>;
}

export interface Path {
  readonly path: string;
  readonly group: string;
  readonly version: string;
  /** Names in the path: `name`, `namespace`, `path`. */
  readonly variables: readonly string[];
  readonly kind: string;
  readonly operations: readonly Operation[];
}

/** Bodies of subresources that are not the object itself. */
export const SUBRESOURCE_BODIES: Readonly<Record<string, Root>> = {
  Binding: { group: "", version: "v1", schema: binding },
  Eviction: { group: "policy", version: "v1", schema: eviction },
  Scale: { group: "autoscaling", version: "v1", schema: scale },
};

/** The lists of all kinds, each with its kind. */
export const LISTS: ReadonlyMap<Kind, ObjectSchema> = new Map(
  servedKinds.filter(kind => kind.verbs.includes("list")).map(kind => [kind, listSchema(kind)]),
);

export function apiPaths(): Path[] {
  return servedKinds.flatMap(kind => [...objectPaths(kind), ...subresourcePaths(kind)]);
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const gvkOf = ({ group, version, kind }: Kind): GroupVersionKind => ({ group, version, kind });

/** `CoreV1`, `AppsV1`: as operation ids begin, after their verb. */
function groupId({ group, version }: Kind): string {
  return capital(group === "" ? "core" : group.split(".")[0]!) + capital(version);
}

function rootPath({ group, version }: Kind): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

function objectPaths(kind: Kind): Path[] {
  const { group, version, plural, namespaced } = kind;
  const root = rootPath(kind);
  const base = { group, version, kind: kind.kind };
  const place = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const inNamespace = namespaced ? ["namespace"] : [];
  if (!kind.verbs.includes("get")) {
    return [{ ...base, path: place, variables: inNamespace, operations: [createOperation(kind)] }];
  }
  const paths: Path[] = [
    { ...base, path: place, variables: inNamespace, operations: collectionOperations(kind) },
    {
      ...base,
      path: `${place}/{name}`,
      variables: ["name", ...inNamespace],
      operations: objectOperations(kind),
    },
  ];
  if (!namespaced) return paths;
  const everywhere = listOperation(kind, `list${groupId(kind)}${kind.kind}ForAllNamespaces`);
  return [{ ...base, path: `${root}/${plural}`, variables: [], operations: [everywhere] }, ...paths];
}

function listOperation(kind: Kind, id: string): Operation {
  return {
    method: "get",
    id,
    description: `Lists objects of kind ${kind.kind}, or watches them.`,
    action: "list",
    gvk: gvkOf(kind),
    query: LIST_PARAMETERS,
    answers: { 200: LISTS.get(kind)! },
  };
}

/** `NamespacedPod`, `Node`: as operation ids end. */
const placedKind = ({ namespaced, kind }: Kind) => (namespaced ? `Namespaced${kind}` : kind);

function createOperation(kind: Kind): Operation {
  const { schema } = kind;
  return {
    method: "post",
    id: `create${groupId(kind)}${placedKind(kind)}`,
    description: `Creates an object of kind ${kind.kind}.`,
    action: "post",
    gvk: gvkOf(kind),
    query: WRITE_PARAMETERS,
    body: schema,
    answers: { 200: schema, 201: schema, 202: schema },
  };
}

function collectionOperations(kind: Kind): Operation[] {
  return [
    listOperation(kind, `list${groupId(kind)}${placedKind(kind)}`),
    createOperation(kind),
    {
      method: "delete",
      id: `delete${groupId(kind)}Collection${placedKind(kind)}`,
      description: `Deletes the objects of kind ${kind.kind} that are selected.`,
      action: "deletecollection",
      gvk: gvkOf(kind),
      query: [...DELETE_PARAMETERS, ...LIST_PARAMETERS.filter(name => !/^(watch|allowWatch)/.test(name))],
      body: deleteOptions,
      isBodyOptional: true,
      answers: { 200: status },
    },
  ];
}

function objectOperations(kind: Kind): Operation[] {
  const id = `${groupId(kind)}${placedKind(kind)}`;
  const deleted = kind.deletion.mode === "graceful" ? kind.schema : status;
  return [
    ...partOperations(kind.schema, gvkOf(kind), id, `the object of kind ${kind.kind}`, [
      "get",
      "update",
      "patch",
    ]),
    {
      method: "delete",
      id: `delete${id}`,
      description: `Deletes the object of kind ${kind.kind}.`,
      action: "delete",
      gvk: gvkOf(kind),
      query: DELETE_PARAMETERS,
      body: deleteOptions,
      isBodyOptional: true,
      answers: { 200: deleted, 202: deleted },
    },
  ];
}

/** Of an object, or of a part of it. */
function partOperations(
  schema: ObjectSchema,
  gvk: GroupVersionKind,
  id: string,
  what: string,
  verbs: readonly string[],
): Operation[] {
  const all: Record<string, Omit<Operation, "gvk">> = {
    get: {
      method: "get",
      id: `read${id}`,
      description: `Reads ${what}.`,
      action: "get",
      query: [],
      answers: { 200: schema },
    },
    update: {
      method: "put",
      id: `replace${id}`,
      description: `Replaces ${what}.`,
      action: "put",
      query: WRITE_PARAMETERS,
      body: schema,
      answers: { 200: schema, 201: schema },
    },
    patch: {
      method: "patch",
      id: `patch${id}`,
      description: `Changes ${what}.`,
      action: "patch",
      query: PATCH_PARAMETERS,
      body: "patch",
      answers: { 200: schema, 201: schema },
    },
    create: {
      method: "post",
      id: `create${id}`,
      description: `Creates ${what}.`,
      action: "post",
      query: WRITE_PARAMETERS,
      body: schema,
      answers: { 200: schema, 201: schema, 202: schema },
    },
  };
  return verbs.map(verb => ({ ...all[verb]!, gvk }));
}

function subresourcePaths(kind: Kind): Path[] {
  const [, ...subresources] = resourcesOf(kind);
  return subresources.flatMap(resource => {
    const { path, variables, operations } = subresource(kind, resource);
    const base = { group: kind.group, version: kind.version, kind: kind.kind };
    const whole: Path = { ...base, path, variables, operations };
    if (!path.endsWith("/proxy")) return [whole];
    const further = operations.map(each => ({ ...each, id: `${each.id}WithPath`, query: [] }));
    return [
      whole,
      { ...base, path: `${path}/{path}`, variables: [...variables, "path"], operations: further },
    ];
  });
}

type SubresourcePath = Pick<Path, "path" | "variables" | "operations">;

function subresource(kind: Kind, { path: resourcePath, response, verbs }: Resource): SubresourcePath {
  const responseKind = response.kind;
  const name = resourcePath.slice(kind.plural.length + 1);
  const scope = kind.namespaced ? "/namespaces/{namespace}" : "";
  const variables = kind.namespaced ? ["name", "namespace"] : ["name"];
  const path = `${rootPath(kind)}${scope}/${kind.plural}/{name}/${name}`;
  const id = `${groupId(kind)}${placedKind(kind)}${capital(name)}`;
  if (responseKind.endsWith("Options")) {
    return { path, variables, operations: connections(kind, name, responseKind, verbs) };
  }
  if (name === "log") return { path, variables, operations: [logOperation(kind, id)] };
  const body = SUBRESOURCE_BODIES[responseKind];
  const gvk = body ? { group: body.group, version: body.version, kind: responseKind } : gvkOf(kind);
  const what = `the part "${name}" of the object of kind ${kind.kind}`;
  return { path, variables, operations: partOperations(body?.schema ?? kind.schema, gvk, id, what, verbs) };
}

function logOperation(kind: Kind, id: string): Operation {
  return {
    method: "get",
    id: `read${id}`,
    description: "Reads the output of a container.",
    action: "get",
    gvk: gvkOf(kind),
    query: ["container", "follow", "previous", "sinceSeconds", "tailLines", "limitBytes", "timestamps"],
    answers: { 200: "text" },
  };
}

const CONNECT_METHODS: Readonly<Record<string, readonly Method[]>> = {
  get: ["get", "head", "options"],
  create: ["post"],
  update: ["put"],
  patch: ["patch"],
  delete: ["delete"],
};

const CONNECT_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  attach: ["container", "stderr", "stdin", "stdout", "tty"],
  exec: ["command", "container", "stderr", "stdin", "stdout", "tty"],
  portforward: ["ports"],
  proxy: ["path"],
};

function connections(kind: Kind, name: string, responseKind: string, verbs: readonly string[]): Operation[] {
  const isProxy = name === "proxy";
  const methods = verbs.flatMap(verb => CONNECT_METHODS[verb] ?? []);
  return methods
    .filter(method => isProxy || (method !== "head" && method !== "options"))
    .map(method => ({
      method,
      id: `connect${groupId(kind)}${capital(method)}${placedKind(kind)}${capital(name)}`,
      description: `Connects to "${name}" of the object of kind ${kind.kind}.`,
      action: "connect",
      gvk: { group: kind.group, version: kind.version, kind: responseKind },
      query: CONNECT_PARAMETERS[name] ?? [],
      answers: { 200: "text" },
    }));
}
