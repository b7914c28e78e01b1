/**
 * The program that becomes a container's command on an image's root, or a command run in such a container by exec:
 *
 *   image-root.ts (a run only) -> working directory -> groups, group, capabilities, user
 *     -> the command, looked for as execvp(3) does -> (a run) say that it starts -> execve
 *
 * A run gets its descriptors from the shim (run-script.ts): 0 to 2 are the container's own, 3 and 6 tell the daemon
 * that it starts, 7 takes complaints; none of them but 0 to 2 is left to the command.
 */
import { keptCapabilities } from "../container/capabilities.ts";
import { type ContainerProcess, START_ERROR_EXIT_CODE } from "../container/process.ts";
import { enterImageRoot, type ImageRoot } from "./image-root.ts";
import type { Architecture } from "./machine.ts";
import { AT_FDCWD, Program } from "./program.ts";

export const RUN_DESCRIPTORS = { life: 3, started: 6, complaints: 7 } as const;

const FIRST_OF_EXEC = 3;
const FIRST_OF_RUN = 8;
const LAST_DESCRIPTOR = 0xffffffff;
const TIOCSCTTY = 0x540e;
const X_OK = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
/** Numbers of capabilities fit in 64 bits. */
const CAPABILITIES = 64;
const CAPABILITY_VERSION_3 = 0x20080522;

export interface RunLaunch {
  process: ContainerProcess;
  root: Omit<ImageRoot, "workingDirectory">;
  /** Its stdin is to be its controlling terminal. */
  terminal: boolean;
  /** File of the run's folder that takes the mount and process namespace: see RUN_FILES.namespaces. */
  namespacesTo?: string | undefined;
}

/** The executable that a run's shim becomes. */
export function runLaunch(
  architecture: Architecture,
  { process, root, terminal, namespacesTo }: RunLaunch,
): Buffer {
  const { life, started, complaints } = RUN_DESCRIPTORS;
  const program = new Program(architecture, {
    descriptor: complaints,
    exitCode: START_ERROR_EXIT_CODE,
    withdraw: started,
  });
  program.may("setsid");
  if (terminal) program.must("controlling terminal", "ioctl", 0, TIOCSCTTY, 1);
  program.may("close_range", FIRST_OF_RUN, LAST_DESCRIPTOR, 0);
  enterImageRoot(
    program,
    { ...root, workingDirectory: process.workingDirectory },
    FIRST_OF_RUN,
    namespacesTo,
  );
  moveTo(program, process.workingDirectory);
  becomeUser(program, process);
  for (let descriptor = life; descriptor <= complaints; descriptor++) {
    program.may("fcntl", descriptor, F_SETFD, FD_CLOEXEC);
  }
  const said = "started\n";
  execute(program, process, () => {
    program.may("write", started, program.text("x"), 1);
    program.may("write", life, program.text(said), said.length);
  });
  return program.finish();
}

export interface ExecLaunch {
  process: ContainerProcess;
  /** Its stdin is to be its controlling terminal. */
  terminal: boolean;
  notFoundExitCode: number;
}

/** The executable that nsenter becomes. */
export function execLaunch(
  architecture: Architecture,
  { process, terminal, notFoundExitCode }: ExecLaunch,
): Buffer {
  const program = new Program(architecture, { descriptor: 2, exitCode: notFoundExitCode });
  program.may("close_range", FIRST_OF_EXEC, LAST_DESCRIPTOR, 0);
  if (terminal) {
    program.may("setsid");
    program.must("controlling terminal", "ioctl", 0, TIOCSCTTY, 1);
  }
  moveTo(program, process.workingDirectory);
  becomeUser(program, process);
  execute(program, process, () => {});
  return program.finish();
}

function moveTo(program: Program, folder: string): void {
  program.must(`workingDir ${folder}`, "chdir", program.text(folder));
}

function becomeUser(program: Program, process: ContainerProcess): void {
  const { user = 0, group = 0, supplementalGroups } = process;
  const kept = keptCapabilities(process.boundingSet);
  program.must(
    "supplemental groups",
    "setgroups",
    supplementalGroups.length,
    program.numbers(supplementalGroups),
  );
  program.must("group", "setresgid", group, group, group);
  for (let capability = 0; capability < CAPABILITIES; capability++) {
    // Fails for those that this kernel does not know.
    if (!kept.has(capability)) program.may("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  clearInheritable(program);
  program.must("user", "setresuid", user, user, user);
  if (process.noNewPrivileges) program.must("no new privileges", "prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/** Inheritable capabilities would survive the bounding set's cut. */
function clearInheritable(program: Program): void {
  program.may("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  const header = program.numbers([CAPABILITY_VERSION_3, 0]);
  // Twice {effective, permitted, inheritable}, 32 bits each.
  const data = program.numbers([0, 0, 0, 0, 0, 0]);
  program.must("capabilities", "capget", header, data);
  for (const inheritable of [2, 5]) program.store(data + inheritable * 4, 0);
  program.must("capabilities", "capset", header, data);
}

/** `before` appends what is to be done when the command has been found. */
function execute(program: Program, process: ContainerProcess, before: () => void): void {
  const name = process.command[0]!;
  const environment = program.vector([...process.environment].map(([key, value]) => `${key}=${value}`));
  const words = program.vector(process.command);
  for (const path of candidates(name, process.environment.get("PATH") ?? "")) {
    const next = program.label();
    const found = program.label();
    program.may("faccessat", AT_FDCWD, program.text(path), X_OK);
    program.onFailure(next);
    // Only of a folder would this be a name.
    program.may("faccessat", AT_FDCWD, program.text(`${path}/`), 0);
    program.onFailure(found);
    program.jump(next);
    program.define(found);
    before();
    program.must(`exec: "${path}"`, "execve", program.text(path), words, environment);
    program.define(next);
  }
  program.giveUp(
    name.includes("/")
      ? `exec: "${name}": stat ${name}: no such file or directory`
      : `exec: "${name}": executable file not found in $PATH`,
  );
}

function candidates(name: string, path: string): string[] {
  if (name.includes("/")) return [name];
  return path.split(":").map(folder => `${folder || "."}/${name}`);
}
