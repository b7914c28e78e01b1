/** Bodies that are orders about a Pod, and leave no object of their own: bind it to a node, evict it. */
import {
  badRequest,
  binding,
  decodeNamed,
  type Eviction,
  eviction,
  evictionKind,
  kinds,
  unstoredKinds,
} from "@podwire/api";
import { readObjectBody } from "./body.ts";
import type { NamedExchange, ObjectExchange } from "./exchange.ts";
import { sendJson } from "./respond.ts";
import { admitTo, deleteRequestOf, readObject, success } from "./write-objects.ts";
import { readWriteParameters } from "./write-options.ts";

/** `pods/NAME/binding`: the body says which node the Pod gets. */
export async function bindPod(exchange: NamedExchange): Promise<void> {
  const { services, request, response, target } = exchange;
  const options = readWriteParameters(exchange, "CreateOptions");
  const body = decodeNamed("v1", binding, await readObjectBody(request, binding));
  if (!body.target?.name) throw badRequest("target.name: Required value: the node to bind to");
  await services.registry.bind(target, body.target.name, options);
  sendJson(response, 201, success({ kind: "pods/binding", name: target.name }, 201));
}

/** `bindings`: as above, with the Pod's name in the body. */
export async function createBinding(exchange: ObjectExchange): Promise<void> {
  const { services, response, target } = exchange;
  const options = readWriteParameters(exchange, "CreateOptions");
  const { object } = await readObject(exchange, options);
  const { metadata, target: node } = object as typeof object & { target?: { name?: string } };
  if (!node?.name) throw badRequest("target.name: Required value: the node to bind to");
  await services.registry.bind({ namespace: target.namespace, name: metadata.name }, node.name, options);
  sendJson(response, 201, success({ kind: unstoredKinds.bindings.plural, name: metadata.name }, 201));
}

/** Versions of the body that mean the same; kubectl before 1.22 sends the older. */
const EVICTION_VERSIONS = ["policy/v1", "policy/v1beta1"];

/** `pods/NAME/eviction`: a deletion that, when there are budgets for disruptions, asks them first. */
export async function evictPod(exchange: NamedExchange): Promise<void> {
  const { services, request, response, target } = exchange;
  const { dryRun, fieldValidation } = readWriteParameters(exchange, "CreateOptions");
  const body = (await readObjectBody(request, eviction)) as Partial<Eviction> | undefined;
  if (body === undefined) throw badRequest("an Eviction is expected in the request's body");
  const isKnown = EVICTION_VERSIONS.includes(body.apiVersion ?? "");
  const current = isKnown ? { ...body, apiVersion: EVICTION_VERSIONS[0] } : body;
  const { object } = admitTo({ ...target, kind: evictionKind as never }, current, fieldValidation);
  const { deleteOptions = {} } = object as Eviction;
  const asked = deleteRequestOf(deleteOptions, { dryRun });
  await services.registry.delete(kinds.pods, target, asked);
  sendJson(response, 201, success(undefined, 201));
}
