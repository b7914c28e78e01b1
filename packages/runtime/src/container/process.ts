/** What to run in a container, resolved from its spec: the contract of run-script.ts and exec.ts. */
import { program, quote } from "../process/run.ts";

export interface ContainerProcess {
  command: readonly string[];
  /** In order; a later name wins. */
  environment: ReadonlyMap<string, string>;
  workingDirectory: string;
  /** See boundingSet. */
  boundingSet: string;
  user?: number;
  group?: number;
  supplementalGroups: readonly number[];
  noNewPrivileges: boolean;
}

/** Exit code of a container whose command could not be started, as the OCI runtimes. */
export const START_ERROR_EXIT_CODE = 128;

/**
 * Shell text that moves to the working directory, checks that the command exists, and on success leaves the
 * command line to exec in "$@". Complaints go to stderr; `otherwise` is what to do then.
 */
export function prepareCommand(process: ContainerProcess, otherwise: string): string {
  const [name] = process.command;
  const directory = process.workingDirectory;
  const path = process.environment.get("PATH") ?? "";
  const complaint = name!.includes("/")
    ? `exec: "${name}": stat ${name}: no such file or directory`
    : `exec: "${name}": executable file not found in $PATH`;
  return `cd ${quote(directory)} 2>/dev/null || {
  printf '%s\\n' ${quote(`workingDir ${directory}: no such directory on the host's root file system`)} >&2
  ${otherwise}
}
PATH=${quote(path)}
command -v ${quote(name!)} >/dev/null || {
  printf '%s\\n' ${quote(complaint)} >&2
  ${otherwise}
}
`;
}

/** The words to exec: privileges are dropped first, then the environment is set, then the command runs. */
export function commandLine(process: ContainerProcess): string {
  const environment = [...process.environment].map(([name, value]) => `${name}=${value}`);
  // env would take a command with "=" in its name for one more variable.
  const name = process.command[0]!;
  const indirect = name.includes("=") ? [program("sh"), "-c", 'exec "$0" "$@"'] : [];
  return [...privileges(process), program("env"), "-i", ...environment, ...indirect, ...process.command]
    .map(quote)
    .join(" ");
}

function privileges(process: ContainerProcess): string[] {
  const { user, group, supplementalGroups } = process;
  const words = [program("setpriv"), "--bounding-set", process.boundingSet];
  // Inheritable capabilities would survive the bounding set's cut.
  words.push("--inh-caps", "-all");
  if (process.noNewPrivileges) words.push("--no-new-privs");
  if (user !== undefined) words.push("--reuid", String(user));
  if (user !== undefined || group !== undefined) words.push("--regid", String(group ?? 0));
  const groups = supplementalGroups.map(String);
  words.push(...(groups.length > 0 ? ["--groups", groups.join(",")] : ["--clear-groups"]));
  return words;
}
