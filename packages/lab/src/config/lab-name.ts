/** Names of labs, as every command takes them. */
import { LabError } from "../errors.ts";
import { LAB_NAME } from "./cluster-shape.ts";
import { accepts } from "./read.ts";

export function isLabName(name: string): boolean {
  return accepts(LAB_NAME, name);
}

/** A name becomes part of paths, so nothing is done with one that is not checked. */
export function checkLabName(name: string): void {
  if (isLabName(name)) return;
  throw new LabError(`${JSON.stringify(name)} cannot be the name of a lab: must be ${LAB_NAME.allowed}`);
}
