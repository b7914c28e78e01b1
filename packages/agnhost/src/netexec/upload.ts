/** netexec's /upload: stores the form's field `file` under /uploads and says where. */
import { randomInt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { log, marshal } from "../go.ts";
import { formFile } from "./form.ts";
import { text } from "./respond.ts";

const FOLDER = "/uploads";

export async function storeUpload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  log("GET /upload");
  const file = await formFile(request, "file");
  if (!file) return text(response, 200, marshal({ error: "Unable to upload file." }));
  const path = `${FOLDER}/upload${randomInt(2 ** 31)}`;
  try {
    await writeFile(path, file, { mode: 0o700, flag: "wx" });
  } catch (cause) {
    log(`Unable to write file: ${(cause as Error).message}`);
    return text(response, 200, marshal({ error: "Unable to open file for write" }));
  }
  log(`Wrote upload to ${path}`);
  text(response, 201, marshal({ output: path }));
}
