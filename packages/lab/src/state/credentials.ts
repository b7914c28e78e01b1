/** The administrator's way into a lab: whoever may read the lab's directory whole is its administrator. */
import type { ApiServer, ClientTls } from "@podwire/client";
import { readAdminFiles } from "@podwire/pki";
import { LabError } from "../errors.ts";
import { type LabPaths, labPaths } from "./directory.ts";
import { readState } from "./state.ts";

/** Of a lab that is up; a LabError says what to do when there is none or it is somebody else's. */
export function adminApiServer(name: string): ApiServer {
  return { url: readState(name).apiUrl, tls: adminTls(labPaths(name)) };
}

export function adminTls({ pki }: LabPaths): ClientTls {
  try {
    return readAdminFiles(pki);
  } catch (error) {
    const { code, path = pki } = error as NodeJS.ErrnoException;
    const wayOut =
      code === "EACCES" ? "run podwire as the user who made the lab" : "take the lab down and make it again";
    throw new LabError(`${path} cannot be read (${code}): ${wayOut}`, { cause: error });
  }
}
