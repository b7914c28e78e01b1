/** One request and what answering it needs. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { fieldNotSupported, invalid } from "@podwire/api";
import type { NodeStreams } from "../node-streams.ts";
import type { Objects } from "../registry/form-registry.ts";
import type { Registry } from "../registry/registry.ts";
import type { Access, User } from "./access.ts";
import { negotiateView } from "./negotiate.ts";
import type { Query } from "./query.ts";
import type { Target } from "./target.ts";
import type { IncludeObject, Shown } from "./views.ts";

/** What the handlers work with, the same for all requests. */
export interface Services {
  readonly registry: Registry;
  /** What a request is about: the registry, or a form of what it stores. */
  readonly objects: Objects;
  readonly nodeStreams: NodeStreams;
  nowMs(): number;
  log(message: string): void;
}

export interface Exchange {
  readonly services: Services;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: Query;
  readonly user: User;
  readonly access: Access;
}

/** An exchange about objects of a kind. */
export interface ObjectExchange extends Exchange {
  readonly target: Target;
}

/** About one object. */
export interface NamedExchange extends ObjectExchange {
  readonly target: Target & { readonly name: string };
}

const INCLUDE_OBJECT = ["None", "Metadata", "Object"];

/** How the client wants objects shown. Throws NotAcceptable. */
export function shownTo({ request, query, services, target }: ObjectExchange): Shown {
  const includeObject = query.get("includeObject") || "Metadata";
  if (!INCLUDE_OBJECT.includes(includeObject)) {
    const error = fieldNotSupported("includeObject", includeObject, INCLUDE_OBJECT);
    throw invalid("meta.k8s.io", "TableOptions", "", [error]);
  }
  return {
    kind: target.kind,
    view: negotiateView(request.headers.accept),
    includeObject: includeObject as IncludeObject,
    nowMs: services.nowMs(),
  };
}
