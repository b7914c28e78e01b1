/**
 * netexec's HTTP endpoints: one function each, named in the table at the end. What few
 * of them need is loaded when it is asked for: the server is up sooner.
 */
import { type IncomingMessage, type RequestListener, type ServerResponse, STATUS_CODES } from "node:http";
import { hostname } from "node:os";
import { joinHostPort, log, marshal, nowString, parseDuration } from "../go.ts";
import { BodyTooLarge, formValues, queryOf } from "./form.ts";
import { httpError, text } from "./respond.ts";

export interface NetexecState {
  /** The UDP server answers. */
  ready: boolean;
  /** SIGTERM has come. */
  terminating: boolean;
  exit(exitCode: number, timeoutMs: number): void;
}

type FormValue = (name: string) => string;
type Handler = (
  value: FormValue,
  request: IncomingMessage,
  response: ServerResponse,
  state: NetexecState,
) => void | Promise<void>;

/** The server's listener; an override answers every request as if it were a GET of that path. */
export function route(state: NetexecState, override: string): RequestListener {
  return (request, response) => {
    if (override !== "") {
      request.url = override;
      request.method = "GET";
      delete request.headers["content-type"];
    }
    const path = (request.url ?? "/").split("?")[0]!;
    const handler = Object.hasOwn(ROUTES, path) ? ROUTES[path]! : root;
    formValues(request)
      .then(value => handler(value, request, response, state))
      .catch((cause: Error) => httpError(response, cause instanceof BodyTooLarge ? 413 : 500, cause.message));
  };
}

const root: Handler = (_, __, response) => {
  log("GET /");
  text(response, 200, `NOW: ${nowString()}`);
};

const clientIp: Handler = (_, request, response) => {
  log("GET /clientip");
  text(response, 200, joinHostPort(request.socket.remoteAddress ?? "", request.socket.remotePort ?? 0));
};

const header: Handler = (value, request, response) => {
  const key = value("key");
  log(key === "" ? "GET /header" : `GET /header?key=${key}`);
  if (key !== "") return text(response, 200, String(request.headersDistinct[key.toLowerCase()]?.[0] ?? ""));
  const all: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    // Go keeps Host elsewhere, and writes names as Canonical-Case.
    if (name !== "host") all[name.replace(/(^|-)[a-z]/g, letter => letter.toUpperCase())] = values;
  }
  text(response, 200, marshal(all));
};

const echo: Handler = (value, _, response) => {
  const [message, code] = [value("msg"), value("code")];
  log(`GET /echo?msg=${message}&code=${code}`);
  if (code !== "" && !isInteger(code)) return text(response, 200, badArgument("code", "an integer", code));
  text(response, code === "" ? 200 : Number(code), message);
};

const exit: Handler = (value, _, response, state) => {
  const [code, timeout, wait] = [value("code"), value("timeout"), value("wait")];
  log(`GET /exit?code=${code}&timeout=${timeout}&wait=${wait}`);
  const durations = { timeout, wait };
  for (const [name, given] of Object.entries(durations)) {
    if (given !== "" && parseDuration(given) === undefined) {
      return text(response, 200, badArgument(name, "a valid golang duration", given, "must be"));
    }
  }
  if (code !== "" && !isInteger(code)) {
    return text(response, 200, badArgument("code", "an integer [0-127]", code));
  }
  const timeoutMs = parseDuration(timeout) ?? 0;
  const waitMs = parseDuration(wait) ?? 0;
  log(
    `Will begin shutdown in ${waitMs / 1000}s, allowing ${timeoutMs / 1000}s for connections to close, ` +
      `then will exit with ${Number(code)}`,
  );
  setTimeout(() => {
    state.exit(Number(code), timeoutMs);
    text(response, 200, "");
  }, waitMs);
};

const hostName: Handler = (_, request, response) => {
  log(`GET ${request.url}`);
  log(`hostname: ${hostname()}`);
  text(response, 200, hostname());
};

const healthz: Handler = (_, __, response, state) => {
  log("GET /healthz");
  response.writeHead(state.ready ? 200 : 412).end();
};

const readyz: Handler = (_, __, response, state) => {
  log("GET /readyz");
  if (state.terminating) return text(response, 503, "shutting down");
  if (state.ready) return text(response, 200, "ok");
  response.writeHead(412).end();
};

const redirect: Handler = (value, request, response) => {
  const [location, code] = [value("location"), value("code")];
  log(`${request.method} /redirect?msg=${location}&code=${code}`);
  if (code !== "" && !isInteger(code)) return text(response, 200, badArgument("code", "an integer", code));
  const status = code === "" ? 302 : Number(code);
  // http.Redirect: a path that is not absolute is taken from this one.
  const target = /^[a-z][a-z0-9+.-]*:|^\//i.test(location) ? location : `/${location}`;
  const quoted = target.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&#34;");
  response.writeHead(status, { Location: target, "Content-Type": "text/html; charset=utf-8" });
  response.end(`<a href="${quoted}">${STATUS_CODES[status] ?? ""}</a>.\n\n`);
};

const shell: Handler = async (value, _, response) => {
  const command = value("shellCommand") || value("cmd");
  log(`GET /shell?cmd=${command}`);
  const { runShell } = await import("./shell.ts");
  const { output, error } = await runShell(command);
  text(response, 200, marshal({ ...(output !== "" && { output }), ...(error !== undefined && { error }) }));
};

/** Exits before it has answered, as upstream. */
const shutdown: Handler = () => {
  log("GET /shutdown");
  process.exit(0);
};

const upload: Handler = async (_, request, response) => {
  const { storeUpload } = await import("./upload.ts");
  return storeUpload(request, response);
};

const dial: Handler = async (_, request, response) => {
  const { dial } = await import("./dial.ts");
  return dial(queryOf(request), response);
};

const ROUTES: Record<string, Handler> = {
  "/": root,
  "/clientip": clientIp,
  "/header": header,
  "/dial": dial,
  "/echo": echo,
  "/exit": exit,
  "/healthz": healthz,
  "/readyz": readyz,
  "/hostname": hostName,
  "/hostName": hostName,
  "/redirect": redirect,
  "/shell": shell,
  "/shutdown": shutdown,
  "/upload": upload,
};

function isInteger(value: string): boolean {
  return /^[+-]?\d+$/.test(value);
}

function badArgument(name: string, wanted: string, given: string, verb = "must be"): string {
  return `argument '${name}' ${verb} ${wanted} or empty, got ${JSON.stringify(given)}\n`;
}
