/** The API over HTTP. Nothing is cached; every call is one exchange (a list: one a page). */
import {
  conflict,
  isReason,
  jsonEqual,
  type Kind,
  type KubernetesObject,
  type NewObject,
} from "@podwire/api";
import type {
  Api,
  DeleteRequest,
  ObjectList,
  ObjectRef,
  ObjectWatch,
  Selection,
  UpdateOptions,
} from "../api.ts";
import { LIMITS } from "../limits.ts";
import { type ExecOptions, type ExecSession, openExec } from "./exec.ts";
import { type ApiServer, Http } from "./http.ts";
import { type LogOptions, openLog } from "./logs.ts";
import { collectionPath, objectPath, selectionQuery, withQuery } from "./paths.ts";
import { RestWatch } from "./rest-watch.ts";

const PATCH_TYPES = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

interface ListBody<T> {
  metadata: { resourceVersion: string; continue?: string };
  items: T[];
}

export class ApiClient implements Api {
  readonly #http: Http;

  constructor(server: ApiServer) {
    this.#http = new Http(server);
  }

  get<T extends KubernetesObject>(kind: Kind<T>, ref: ObjectRef): Promise<T> {
    return this.#http.json({ method: "GET", path: objectPath(kind, ref) });
  }

  async list<T extends KubernetesObject>(kind: Kind<T>, selection: Selection = {}): Promise<ObjectList<T>> {
    const items: T[] = [];
    const path = collectionPath(kind, selection.namespace);
    const query = { ...selectionQuery(selection), limit: LIMITS.pageItems };
    for (let next: string | undefined = ""; ; ) {
      const page: ListBody<T> = await this.#http.json({
        method: "GET",
        path: withQuery(path, { ...query, continue: next || undefined }),
      });
      // Items of a list are written without their type.
      const { kind: name, version: apiVersion } = kind;
      for (const item of page.items)
        items.push({ ...item, kind: name, apiVersion: item.apiVersion ?? apiVersion });
      next = page.metadata.continue;
      if (!next) return { items, revision: Number(page.metadata.resourceVersion) };
    }
  }

  watch<T extends KubernetesObject>(
    kind: Kind<T>,
    afterRevision: number,
    selection: Selection = {},
  ): ObjectWatch<T> {
    const query = { ...selectionQuery(selection), watch: true, allowWatchBookmarks: true };
    const path = collectionPath(kind, selection.namespace);
    return new RestWatch(this.#http, afterRevision, resourceVersion =>
      withQuery(path, { ...query, resourceVersion }),
    );
  }

  create<T extends KubernetesObject>(kind: Kind<T>, object: NewObject<T>): Promise<T> {
    const path = collectionPath(kind, object.metadata.namespace);
    return this.#http.json({ method: "POST", path, body: typed(kind, object) });
  }

  update<T extends KubernetesObject>(
    kind: Kind<T>,
    object: T,
    { subresource, fieldManager }: UpdateOptions = {},
  ): Promise<T> {
    const path = withQuery(objectPath(kind, object.metadata, subresource), { fieldManager });
    return this.#http.json({ method: "PUT", path, body: typed(kind, object) });
  }

  async mutate<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    change: (copy: T) => void,
    options: UpdateOptions = {},
  ): Promise<T> {
    for (let attempt = 0; attempt < LIMITS.mutateAttempts; attempt++) {
      const stored = await this.get(kind, ref);
      const copy = structuredClone(stored);
      change(copy);
      if (jsonEqual(copy, stored)) return stored;
      try {
        return await this.update(kind, copy, options);
      } catch (error) {
        if (!isReason(error, "Conflict")) throw error;
      }
    }
    throw conflict(kind, ref.name);
  }

  /** A patch as its type has it: RFC 7396, RFC 6902 operations, or Kubernetes' own. */
  patch<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    patch: unknown,
    type: keyof typeof PATCH_TYPES = "merge",
    { subresource }: UpdateOptions = {},
  ): Promise<T> {
    const path = objectPath(kind, ref, subresource);
    return this.#http.json({ method: "PATCH", path, body: patch, contentType: PATCH_TYPES[type] });
  }

  async delete<T extends KubernetesObject>(
    kind: Kind<T>,
    ref: ObjectRef,
    request: DeleteRequest = {},
  ): Promise<void> {
    await this.#http.json({ method: "DELETE", path: objectPath(kind, ref), body: deleteOptions(request) });
  }

  async deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    selection: Selection,
    request: DeleteRequest = {},
  ): Promise<void> {
    const path = withQuery(collectionPath(kind, selection.namespace), selectionQuery(selection));
    await this.#http.json({ method: "DELETE", path, body: deleteOptions(request) });
  }

  async bind(ref: ObjectRef, nodeName: string): Promise<void> {
    const { namespace = "", name } = ref;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/binding`;
    const target = { apiVersion: "v1", kind: "Node", name: nodeName };
    const body = { apiVersion: "v1", kind: "Binding", metadata: { namespace, name }, target };
    await this.#http.json({ method: "POST", path, body });
  }

  /** A container's log, as bytes as they come; ends with the log, with `follow` when the container ends. */
  logs(pod: ObjectRef, options: LogOptions = {}): Promise<AsyncIterable<Buffer>> {
    return openLog(this.#http, pod, options);
  }

  /** Runs a command in a container. */
  exec(pod: ObjectRef, options: ExecOptions): Promise<ExecSession> {
    return openExec(this.#http, pod, options);
  }

  /** The server's answer to /readyz, as text. Throws when it is not ready. */
  async ready(): Promise<void> {
    (await this.#http.open({ method: "GET", path: "/readyz" })).resume();
  }

  close(): void {
    this.#http.close();
  }
}

function typed<T extends KubernetesObject>(kind: Kind<T>, object: NewObject<T>): object {
  const apiVersion = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
  return { ...object, apiVersion, kind: kind.kind };
}

function deleteOptions({ uid, resourceVersion, ...request }: DeleteRequest): object {
  return { apiVersion: "v1", kind: "DeleteOptions", ...request, preconditions: { uid, resourceVersion } };
}
