/** POST, PUT and DELETE: from the body to the registry and back. */
import {
  type Admitted,
  admit,
  badRequest,
  conflict,
  type DeleteOptions,
  decodeNamed,
  deleteOptions,
  type FieldValidation,
  isReason,
  type KubernetesObject,
  methodNotAllowed,
  type Refuse,
  type Status,
} from "@podwire/api";
import type { DeleteRequest, Stored, UpdateOptions } from "../registry/registry.ts";
import { readObjectBody } from "./body.ts";
import { type NamedExchange, type ObjectExchange, shownTo } from "./exchange.ts";
import { checkListOptions, readDeleteRequest, readListOptions } from "./query.ts";
import { sendJson } from "./respond.ts";
import type { Target } from "./target.ts";
import { showList, showObject } from "./views.ts";
import { warningHeaders } from "./warnings.ts";
import { readWriteParameters, type WriteParameters } from "./write-options.ts";

export async function createObject(exchange: ObjectExchange): Promise<void> {
  const { services, target } = exchange;
  if (target.kind.namespaced && target.namespace === undefined) throw methodNotAllowed();
  const options = readWriteParameters(exchange, "CreateOptions");
  const shown = shownTo(exchange);
  const { object, warnings } = await readObject(exchange, options);
  const stored = await services.objects.create(target.kind, object, options);
  const all = [...warnings, ...target.kind.warnings(stored.object)];
  sendJson(exchange.response, 201, showObject(shown, stored), warningHeaders(all));
}

export async function updateObject(exchange: NamedExchange): Promise<void> {
  const { services, target } = exchange;
  const parameters = readWriteParameters(exchange, "UpdateOptions");
  const options = updateOptions(target, parameters);
  const { object, warnings } = await readObject(exchange, parameters);
  try {
    const stored = await services.objects.update(target.kind, object, options);
    sendWritten(exchange, stored, warnings);
  } catch (error) {
    const creates = target.kind.createsOnUpdate && target.subresource === undefined;
    if (!creates || !isReason(error, "NotFound")) throw error;
    const { uid, name } = object.metadata;
    if (uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: `;
      throw conflict(target.kind, name, why);
    }
    const stored = await services.objects.create(target.kind, object, options);
    sendWritten(exchange, stored, warnings, 201);
  }
}

export function updateOptions(
  { subresource }: Target,
  { dryRun, fieldManager }: WriteParameters,
): UpdateOptions {
  return { dryRun, fieldManager, ...(subresource !== undefined && { subresource }) };
}

export function sendWritten(
  exchange: NamedExchange,
  stored: Stored,
  warnings: readonly string[],
  code = 200,
): void {
  const { kind, subresource } = exchange.target;
  const all = [...warnings, ...(subresource === undefined ? kind.warnings(stored.object) : [])];
  sendJson(exchange.response, code, showObject(shownTo(exchange), stored), warningHeaders(all));
}

/** The body as an object of the path's kind, name and namespace. */
export async function readObject(
  { request, target }: ObjectExchange,
  { fieldValidation }: WriteParameters,
): Promise<Admitted<KubernetesObject>> {
  const { kind, schema, version } = target.kind;
  const faults: string[] = [];
  const body = await readObjectBody(request, schema, faults);
  if (body === undefined) throw badRequest(`a ${kind} is expected in the request's body`);
  if (fieldValidation === "Strict" && faults.length > 0) {
    const refused = `${kind} in version "${version}" cannot be handled as a ${kind}`;
    throw badRequest(`${refused}: strict decoding error: ${faults.join(", ")}`);
  }
  const { object, warnings } = admitTo(target, body, fieldValidation);
  return { object, warnings: fieldValidation === "Warn" ? [...faults, ...warnings] : warnings };
}

export function admitTo(
  target: Target,
  body: unknown,
  fieldValidation: FieldValidation,
  refuse?: Refuse,
): Admitted<KubernetesObject> {
  const admitted = admit(target.kind, body, fieldValidation, refuse);
  const { metadata } = admitted.object;
  if (target.kind.namespaced) {
    metadata.namespace ||= target.namespace;
    if (metadata.namespace !== target.namespace) {
      throw badRequest(
        `the namespace of the provided object does not match the namespace sent on the request`,
      );
    }
  }
  if (target.name !== undefined) {
    if (!metadata.name) {
      throw badRequest(
        `the name of the object (${target.name} based on URL) was undeterminable: name must be provided`,
      );
    }
    if (metadata.name !== target.name) {
      throw badRequest(
        `the name of the object (${metadata.name}) does not match the name on the URL (${target.name})`,
      );
    }
  }
  return admitted;
}

export async function deleteObject(exchange: NamedExchange): Promise<void> {
  const { services, target, response } = exchange;
  const request = await readDeleteOptions(exchange);
  const shown = shownTo(exchange);
  const { object, outcome } = await services.objects.delete(target.kind, target, request);
  if (outcome === "marked" || target.kind.returnsDeleted) {
    sendJson(response, 200, showObject(shown, asStored(object)));
    return;
  }
  const { kind } = target;
  const details = { name: object.metadata.name, ...(kind.group && { group: kind.group }), kind: kind.plural };
  sendJson(response, 200, success({ ...details, uid: object.metadata.uid }, undefined));
}

export async function deleteCollection(exchange: ObjectExchange): Promise<void> {
  const { services, target, response, query } = exchange;
  if (target.kind.namespaced && target.namespace === undefined) throw methodNotAllowed();
  if (!target.kind.verbs.includes("deletecollection")) throw methodNotAllowed();
  const request = await readDeleteOptions(exchange);
  const options = readListOptions(query, target.namespace);
  checkListOptions(options);
  const deleted = await services.objects.deleteCollection(target.kind, options, request);
  sendJson(response, 200, Buffer.concat([...showList(shownTo(exchange), deleted)]));
}

async function readDeleteOptions({ request, query }: ObjectExchange): Promise<DeleteRequest> {
  const inQuery = readDeleteRequest(query);
  const body = await readObjectBody(request, deleteOptions);
  if (body === undefined) return inQuery;
  return deleteRequestOf(decodeNamed("v1", deleteOptions, body), inQuery);
}

export function deleteRequestOf(options: DeleteOptions, inQuery: DeleteRequest): DeleteRequest {
  const orphans =
    options.orphanDependents === undefined ? undefined : options.orphanDependents ? "Orphan" : "Background";
  return {
    gracePeriodSeconds: options.gracePeriodSeconds ?? inQuery.gracePeriodSeconds,
    propagationPolicy: options.propagationPolicy ?? orphans ?? inQuery.propagationPolicy,
    uid: options.preconditions?.uid,
    resourceVersion: options.preconditions?.resourceVersion,
    dryRun: inQuery.dryRun === true || (options.dryRun?.includes("All") ?? false),
  };
}

function asStored(object: KubernetesObject): Stored {
  const json = Buffer.from(JSON.stringify(object));
  return { key: "", revision: Number(object.metadata.resourceVersion), object, json };
}

export function success(details: Status["details"], code: number | undefined): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    ...(details && { details }),
    ...(code !== undefined && { code }),
  };
}
