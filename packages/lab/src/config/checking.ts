/** What the checks of lab.yaml share: the file that is being read, and the problems found so far. */
import type { Cidr } from "@podwire/wire/cidr";
import type { ClusterFile, Family } from "./cluster-shape.ts";
import type { Problem } from "./problem.ts";
import type { Reading } from "./read.ts";

export interface Checking {
  readonly file: ClusterFile;
  readonly reading: Reading;
  readonly problems: Problem[];
}

export function problem(checking: Checking, field: string, message: string): void {
  checking.problems.push({ ...checking.reading.at(field), field, message });
}

/** A CIDR with the field it comes from, for messages. */
export interface NamedCidr {
  readonly field: string;
  readonly text: string;
  readonly cidr: Cidr;
  readonly family: Family;
}
