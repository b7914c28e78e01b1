/** What is wrong with a lab.yaml: every problem with its place, as `file:line:column: field: what, what is allowed`. */
import { MAX_CONFIG_PROBLEMS } from "../limits.ts";

export interface Problem {
  readonly line: number;
  readonly column: number;
  /** Such as `nodes[1].underlayMtu`; empty for the document itself. */
  readonly field: string;
  readonly message: string;
}

/** A configuration that cannot be used. The CLI prints its message as it is and exits 2. */
export class ConfigError extends Error {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const inOrder = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    const lines = inOrder.slice(0, MAX_CONFIG_PROBLEMS).map(problem => {
      const field = problem.field === "" ? "" : ` ${problem.field}:`;
      return `${file}:${problem.line}:${problem.column}:${field} ${problem.message}`;
    });
    if (inOrder.length > lines.length)
      lines.push(`${file}: and ${inOrder.length - lines.length} more problems`);
    super(lines.join("\n"));
    this.name = "ConfigError";
    this.file = file;
    this.problems = inOrder;
  }
}
