/**
 * The one place where a request is authenticated and authorized. Every request passes here before anything else
 * looks at it; whoever composes the server decides what stands here.
 *
 * A client is who its certificate says (upstream's x509 authenticator): the common name is the user, the organizations
 * are the groups. Members of system:masters may do everything, all others may discover what there is. Who comes without
 * a certificate that the cluster's authority has signed may ask for health and version only.
 */
import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { TLSSocket } from "node:tls";
import {
  type ApiError,
  forbidden,
  reviewKinds,
  type SelfSubjectAccessReviewSpec,
  type SubjectRulesReviewStatus,
  unauthorized,
} from "@podwire/api";
import { MASTERS_GROUP } from "@podwire/pki";
import type { Target } from "./target.ts";

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What a user wants to do. */
export interface Attempt {
  readonly method: string;
  readonly pathname: string;
  readonly isWatch: boolean;
  /** Without one: discovery, health, version. */
  readonly target: Target | undefined;
}

export interface Access {
  /** Who it is. Throws `unauthorized`. */
  authenticate(request: IncomingMessage, pathname: string): Promise<User>;
  /** Throws `forbidden` when the user may not do this. */
  authorize(user: User, attempt: Attempt): Promise<void>;
  /** Whether the user may do what is described. */
  allows(user: User, what: SelfSubjectAccessReviewSpec): boolean;
  /** All that the user may do. */
  rules(user: User): Rules;
}

export type Rules = Pick<SubjectRulesReviewStatus, "resourceRules" | "nonResourceRules">;

const ANONYMOUS: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };
const AUTHENTICATED_GROUP = "system:authenticated";

/** For everyone: upstream's role system:public-info-viewer. */
const PUBLIC_PATH = /^\/(healthz|livez|readyz|version)\/?$/;

/** For all users: upstream's role system:discovery. */
const DISCOVERY_PATH = /^\/(api|apis|openapi)(\/|$)/;

const EVERYTHING: Rules = {
  resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
};

const BASICS: Rules = {
  resourceRules: reviewKinds.map(({ group, plural }) => ({
    verbs: ["create"],
    apiGroups: [group],
    resources: [plural],
  })),
  nonResourceRules: [
    { verbs: ["get"], nonResourceURLs: ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"] },
    { verbs: ["get"], nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"] },
  ],
};

export function certificateAccess(): Access {
  /** By connection: the certificate is the same for all its requests. */
  const users = new WeakMap<object, User>();
  return {
    authenticate: async (request, pathname) => {
      const connection = connectionOf(request);
      const user = users.get(connection) ?? userOf(request.socket as TLSSocket);
      if (user === undefined) {
        if (PUBLIC_PATH.test(pathname)) return ANONYMOUS;
        throw unauthorized();
      }
      users.set(connection, user);
      return user;
    },
    authorize: async (user, attempt) => {
      const { target, pathname } = attempt;
      if (user.groups.includes(MASTERS_GROUP) || PUBLIC_PATH.test(pathname)) return;
      if (target === undefined && DISCOVERY_PATH.test(pathname) && isUser(user)) return;
      // Upstream's role system:basic-user.
      if (target !== undefined && reviewKinds.includes(target.kind) && isUser(user)) return;
      throw refusal(user, attempt);
    },
    allows: (user, { nonResourceAttributes }) => {
      if (user.groups.includes(MASTERS_GROUP)) return true;
      const { path, verb } = nonResourceAttributes ?? {};
      if (path === undefined || (verb !== "get" && verb !== "head")) return false;
      return PUBLIC_PATH.test(path) || (DISCOVERY_PATH.test(path) && isUser(user));
    },
    rules: user => (user.groups.includes(MASTERS_GROUP) ? EVERYTHING : BASICS),
  };
}

function isUser({ groups }: User): boolean {
  return groups.includes(AUTHENTICATED_GROUP);
}

function connectionOf(request: IncomingMessage): object {
  const { stream } = request as unknown as Partial<Http2ServerRequest>;
  return stream?.session ?? request.socket;
}

/**
 * Undefined without a certificate, and with one that the authority did not sign for a client. The certificate itself
 * must be looked for: a TLS 1.3 session that is resumed without one counts as authorized.
 */
function userOf(socket: TLSSocket): User | undefined {
  const subject = socket.authorized ? socket.getPeerCertificate()?.subject : undefined;
  const name = textsOf(subject?.CN).at(-1);
  if (name === undefined) return undefined;
  return { name, groups: [...textsOf(subject?.O), AUTHENTICATED_GROUP] };
}

/** An attribute that a name has more than once comes as a list. */
function textsOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

/** In upstream's words (apiserver/pkg/endpoints/handlers/responsewriters). */
function refusal({ name: user }: User, attempt: Attempt): ApiError {
  const { method, target, pathname } = attempt;
  const quoted = JSON.stringify;
  if (target === undefined) {
    const why = `User ${quoted(user)} cannot ${method.toLowerCase()} path ${quoted(pathname)}`;
    return forbidden(undefined, "", why);
  }
  const { kind, subresource, namespace, name = "" } = target;
  const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
  const where = namespace === undefined ? "at the cluster scope" : `in the namespace ${quoted(namespace)}`;
  const what = `resource ${quoted(resource)} in API group ${quoted(kind.group)} ${where}`;
  return forbidden(kind, name, `User ${quoted(user)} cannot ${verbOf(attempt)} ${what}`);
}

/** As RBAC names what a request does. */
function verbOf({ method, target, isWatch }: Attempt): string {
  const isOne = target?.name !== undefined;
  switch (method) {
    case "GET":
    case "HEAD":
      if (isWatch) return "watch";
      return isOne ? "get" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "DELETE":
      return isOne ? "delete" : "deletecollection";
    default:
      return method.toLowerCase();
  }
}
