/** A kubeconfig of a lab alone, in a file of the user's choice: somebody else's is not overwritten. */
import { LabError } from "../errors.ts";
import { contextName } from "./document.ts";
import { contextNames } from "./edit.ts";
import { changeFile } from "./file.ts";

export async function writeOwnFile(lab: string, file: string, text: string): Promise<void> {
  await changeFile(file, before => {
    const others = before === "" ? [] : contextNames(before, file).filter(name => name !== contextName(lab));
    if (others.length === 0) return text;
    throw new LabError(
      `${file} has contexts of others (${others.join(", ")}): choose another file, or add the lab to your own with --merge`,
    );
  });
}
