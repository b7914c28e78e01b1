/** From a request to its handler. Which handlers there are is a table; the path says which one. */
import { badRequest, type Kind, methodNotAllowed, pathNotFound, reviewKinds } from "@podwire/api";
import { FormRegistry } from "../registry/form-registry.ts";
import { discoveryDocument, rootPaths } from "./discovery.ts";
import type { Exchange, NamedExchange, ObjectExchange } from "./exchange.ts";
import { healthText } from "./health.ts";
import { negotiateDiscovery } from "./negotiate.ts";
import { bindPod, createBinding, evictPod } from "./orders.ts";
import { patchObject } from "./patch-object.ts";
import { readFlag } from "./query.ts";
import { getObject, listObjects } from "./read-objects.ts";
import { sendJson } from "./respond.ts";
import { review } from "./reviews.ts";
import { readLog } from "./streams/log.ts";
import type { Target } from "./target.ts";
import { VERSION } from "./version.ts";
import { watchObjects } from "./watch-objects.ts";
import { createObject, deleteCollection, deleteObject, updateObject } from "./write-objects.ts";

type Handlers<E> = Readonly<Record<string, (exchange: E) => Promise<void>>>;

const COLLECTION: Handlers<ObjectExchange> = {
  GET: exchange => (isWatch(exchange) ? watchObjects(exchange) : listObjects(exchange)),
  POST: createObject,
  DELETE: deleteCollection,
};

const OBJECT: Handlers<NamedExchange> = {
  GET: exchange => (isWatch(exchange) ? watchOne(exchange) : getObject(exchange)),
  PUT: updateObject,
  PATCH: patchObject,
  DELETE: deleteObject,
};

/** Kinds whose objects are only created, and not kept. */
function onlyCreated(kind: Kind): Handlers<ObjectExchange> {
  return { POST: reviewKinds.includes(kind) ? review : createBinding };
}

const PART_VERBS = { GET: "get", PUT: "update", PATCH: "patch", POST: "create" } as const;

const PROXY: Handlers<NamedExchange> = Object.fromEntries(
  ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map(method => [method, proxy]),
);

/** Subresources that are not simply parts of their object, by `plural/name`. */
const SPECIAL: Readonly<Record<string, Handlers<NamedExchange>>> = {
  "pods/binding": { POST: bindPod },
  "pods/eviction": { POST: evictPod },
  "pods/attach": { GET: askForUpgrade, POST: askForUpgrade },
  "pods/exec": { GET: askForUpgrade, POST: askForUpgrade },
  "pods/log": { GET: readLog },
  "pods/portforward": { GET: askForUpgrade, POST: askForUpgrade },
  "pods/proxy": PROXY,
  "services/proxy": PROXY,
};

export async function routeObject(asked: ObjectExchange): Promise<void> {
  const method = asked.request.method ?? "GET";
  if (!asked.target.kind.verbs.includes("get")) {
    if (asked.target.name !== undefined) throw pathNotFound();
    return pick(onlyCreated(asked.target.kind), method)(asked);
  }
  const exchange = inForm(asked);
  const { target } = exchange;
  if (target.name === undefined) return pick(COLLECTION, method)(exchange);
  const named: NamedExchange = { ...exchange, target: { ...target, name: target.name } };
  const handlers = target.subresource === undefined ? OBJECT : subresourceHandlers(asked.target);
  return pick(handlers, method)(named);
}

/** The exchange about what clients send and get, where that is a form of what is stored. */
function inForm(exchange: ObjectExchange): ObjectExchange {
  const { services, target } = exchange;
  const { kind, subresource } = target;
  if (kind.formOf !== undefined) {
    const { stored, view } = kind.formOf;
    return {
      ...exchange,
      services: { ...services, objects: new FormRegistry(services.registry, stored, view) },
    };
  }
  const form = kind.subresources.find(each => each.name === subresource)?.form;
  if (form === undefined) return exchange;
  const objects = new FormRegistry(services.registry, kind, form.view);
  return { ...exchange, services: { ...services, objects }, target: { ...target, kind: form.kind } };
}

function subresourceHandlers({ kind, subresource }: Target): Handlers<NamedExchange> {
  const path = `${kind.plural}/${subresource}`;
  if (kind.group === "" && Object.hasOwn(SPECIAL, path)) return SPECIAL[path]!;
  const part = kind.subresources.find(each => each.name === subresource);
  if (part === undefined) throw pathNotFound();
  const allowed = Object.entries(PART_VERBS).filter(([, verb]) => part.verbs.includes(verb));
  return Object.fromEntries(allowed.map(([method]) => [method, OBJECT[method]!]));
}

async function proxy(exchange: NamedExchange): Promise<void> {
  // Loaded when first asked for, as the streams are.
  const { proxyRequest } = await import("./streams/proxy/proxy.ts");
  await proxyRequest(exchange);
}

async function askForUpgrade(): Promise<void> {
  throw badRequest("Upgrade request required");
}

function pick<E>(handlers: Handlers<E>, method: string): (exchange: E) => Promise<void> {
  const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
  if (handler === undefined) throw methodNotAllowed();
  return handler;
}

function isWatch({ query }: ObjectExchange): boolean {
  return query.has("watch") && readFlag(query, "watch");
}

/** A watch of one object is one of its collection, narrowed to its name. */
function watchOne(exchange: NamedExchange): Promise<void> {
  const query = new URLSearchParams(exchange.query);
  query.set("fieldSelector", `metadata.name=${exchange.target.name}`);
  return watchObjects({ ...exchange, query });
}

/** kubectl reads them before it says that it knows no such kind; there are none, so discovery does not name them. */
const CUSTOM_RESOURCES = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const NO_CUSTOM_RESOURCES = {
  kind: "CustomResourceDefinitionList",
  apiVersion: "apiextensions.k8s.io/v1",
  metadata: {},
  items: [],
};

/** Paths that name no kind: discovery, version, health. */
export async function routeOther(exchange: Exchange, pathname: string): Promise<void> {
  const { request, response } = exchange;
  // What is not there is not found by any method.
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw rootPaths().includes(pathname) ? methodNotAllowed() : pathNotFound();
  }
  const health = healthText(pathname, exchange.query);
  if (health !== undefined) {
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(health);
    return;
  }
  if (pathname === "/version") {
    sendJson(response, 200, VERSION);
    return;
  }
  if (pathname.startsWith("/openapi/")) {
    // Loaded when first asked for: it draws models of the whole kind table.
    const { serveOpenapi } = await import("./openapi/serve.ts");
    serveOpenapi(exchange, pathname);
    return;
  }
  if (pathname === "/") {
    sendJson(response, 200, { paths: rootPaths() });
    return;
  }
  if (pathname === CUSTOM_RESOURCES) {
    sendJson(response, 200, NO_CUSTOM_RESOURCES);
    return;
  }
  const version = negotiateDiscovery(request.headers.accept);
  const document = discoveryDocument(pathname, version, request.headers.host ?? "");
  if (document === undefined) throw pathNotFound();
  const isAggregated = "items" in document;
  sendJson(response, 200, document, {
    ...(isAggregated && {
      "content-type": `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    }),
    // Both forms are at the same address: what a cache keeps depends on what was asked for.
    vary: "Accept",
  });
}
