/** `agnhost test-webserver`: serves the files of / over HTTP, as Go's http.FileServer does. */
import { createReadStream, type Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, normalize } from "node:path";
import { parseFlags } from "./flags.ts";
import { fatal } from "./go.ts";
import { listenTcp } from "./listen.ts";
import { httpError } from "./netexec/respond.ts";

const HEADERS = {
  "Cache-Control": "private",
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Credentials": "true",
  "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
  "Access-Control-Allow-Headers":
    "DNT,X-Mx-ReqToken,Keep-Alive,User-Agent,X-Requested-With,Cache-Control,Content-Type",
};

const CONTENT_TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".gif": "image/gif",
  ".htm": "text/html; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".xml": "text/xml; charset=utf-8",
};

export async function main(argv: readonly string[]): Promise<void> {
  const port = parseFlags(argv, { port: "int" }).flags.port ?? 80;
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    serve(request, response).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT" || cause.code === "ENOTDIR")
        return httpError(response, 404, "404 page not found");
      if (cause.code === "EACCES" || cause.code === "EPERM") return httpError(response, 403, "403 Forbidden");
      httpError(response, 500, "500 Internal Server Error");
    });
  });
  await listenTcp(server, port).catch((cause: Error) => fatal(cause.message));
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requested = (request.url ?? "/").split("?")[0]!;
  let path: string;
  try {
    // A leading slash before normalizing: no path leads above the root.
    path = normalize(`/${decodeURIComponent(requested)}`);
  } catch {
    return httpError(response, 400, "invalid URL path");
  }
  if (path.endsWith("/index.html")) return redirect(response, "./");
  const found = await stat(path);
  if (!found.isDirectory()) return sendFile(path, found, request, response);
  if (!requested.endsWith("/")) return redirect(response, `${path.split("/").at(-1)}/`);
  const index = await stat(`${path}index.html`).catch(() => undefined);
  if (index?.isFile()) return sendFile(`${path}index.html`, index, request, response);
  sendListing(await readdir(path, { withFileTypes: true }), response);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(301, { Location: location }).end();
}

function sendFile(
  path: string,
  found: { size: number; mtime: Date; isFile(): boolean },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  response.setHeader("Content-Type", CONTENT_TYPES[extname(path)] ?? "text/plain; charset=utf-8");
  response.setHeader("Last-Modified", found.mtime.toUTCString());
  // Files of /proc say they are empty and are not.
  if (found.isFile() && found.size > 0) response.setHeader("Content-Length", found.size);
  if (request.method === "HEAD") return void response.end();
  const file = createReadStream(path);
  file.on("error", () => response.destroy());
  response.on("close", () => file.destroy());
  file.pipe(response);
}

function sendListing(entries: Dirent[], response: ServerResponse): void {
  const escaped = (text: string): string =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&#34;");
  const lines = entries
    .map(entry => entry.name + (entry.isDirectory() ? "/" : ""))
    .sort()
    .map(name => `<a href="${encodeURI(name)}">${escaped(name)}</a>\n`);
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(
    `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${lines.join("")}</pre>\n`,
  );
}
