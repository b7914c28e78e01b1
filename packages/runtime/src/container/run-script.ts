/**
 * The shim: the sh script that is a container's parent. It outlives the daemon and costs one small process.
 *
 * It is started inside the pod's namespaces and a copy of the node's root, with new process and mount
 * namespaces of its own, and runs this:
 *
 *   1. hold the FIFOs: `life` (see Lifeline; also carries "started"), `stdout` and `stderr`, so that neither
 *      side of them breaks while the daemon is being restarted
 *   2. leave its identity in `shim`, so whoever reads that hears of its end; then answer the daemon: a dead
 *      daemon's pipe kills it here (SIGPIPE)
 *   3. fork the container's process 1, which leaves its identity in `main`, moves into a root of its own where
 *      it needs one, mounts, makes sure that it sees its own /proc only, unmounts the way back to what only setup
 *      may see, and becomes the command, in a session of its own
 *   4. wait; write `exit` (its time of change is when the container ended), and go
 *
 * A process namespace can be forked into only while its process 1 lives, so step 4 must not fork: `exec mv`.
 */

import { dirname } from "node:path";
import { RUN_DESCRIPTORS } from "../launch/launch.ts";
import { program, quote } from "../process/run.ts";
import type { ContainerMounts } from "../rootfs/container-mounts.ts";
import { OLD_ROOT, OWN_ROOT, SETUP_IN_ROOT } from "../rootfs/root.ts";
import { CONSOLE_FDS, type ConsoleKind } from "./console.ts";
import { type ContainerProcess, commandLine, prepareCommand, START_ERROR_EXIT_CODE } from "./process.ts";

export interface RunScript {
  process: ContainerProcess;
  /** The container's folder of this run, as seen inside the root. */
  folder: string;
  /** Joins the pod's process namespace: what it leaves behind must be told from the others'. */
  sharedProcesses: boolean;
  /** Its root is an image: RUN_FILES.launch does all that comes after step 2. */
  onImage: boolean;
  /** What attached clients type into: see console.ts. */
  console: ConsoleKind | undefined;
  mounts: ContainerMounts;
}

/** Files of a run, in its folder. */
export const RUN_FILES = {
  script: "run.sh",
  /** Program that becomes the command of a container on an image: launch/launch.ts. */
  launch: "launch",
  /** The steps of ContainerMounts. */
  rootFstab: "fstab.root",
  fstab: "fstab",
  volumesFstab: "fstab.volumes",
  shim: "shim",
  main: "main",
  /** Mount and process namespace of a run that shares the pod's processes, as readlink(1) prints them. */
  namespaces: "namespaces",
  /** Not empty once the command was about to be executed. */
  started: "started",
  error: "error",
  exit: "exit",
  terminationLog: "termination-log",
  info: "container.json",
} as const;

/** FIFOs of a container, beside the folders of its runs. */
export const CONTAINER_FIFOS = ["life", "stdout", "stderr"] as const;

/** The command's stdin, stdout and stderr, out of what the shim holds. */
const STDIO = {
  none: "</dev/null >&4 2>&5",
  stdin: `<&${CONSOLE_FDS.command} >&4 2>&5`,
  terminal: `<&${CONSOLE_FDS.command} >&${CONSOLE_FDS.command} 2>&${CONSOLE_FDS.command}`,
} as const;

const CLOSED = [3, 4, 5, 6, CONSOLE_FDS.command, CONSOLE_FDS.held].map(fd => `${fd}>&-`).join(" ");

export function runScript(run: RunScript): string {
  const { folder, sharedProcesses, onImage } = run;
  // A fork, so not where the first one becomes process 1. On an image, the mount namespace is yet to be made.
  const note =
    sharedProcesses && !onImage
      ? `readlink /proc/self/ns/mnt /proc/self/ns/pid >${RUN_FILES.namespaces}\n`
      : "";
  return `cd ${quote(folder)} || exit 1
umask 022
exec 3<>../life 4<>../stdout 5<>../stderr
read -r stat </proc/self/stat
printf '%s\\n' "$stat" >${RUN_FILES.shim}
${note}echo ready
exec >/dev/null 2>>${RUN_FILES.error}
(
exec 6>${RUN_FILES.started}
read -r stat </proc/self/stat
printf '%s\\n' "$stat" >${RUN_FILES.main}
${onImage ? becomeLaunch(run) : becomeCommand(run)}
)
printf '%s\\n' $? >${RUN_FILES.exit}.tmp
exec mv ${RUN_FILES.exit}.tmp ${RUN_FILES.exit}
`;
}

function becomeLaunch({ console }: RunScript): string {
  return `exec ./${RUN_FILES.launch} ${RUN_DESCRIPTORS.complaints}>&2 ${STDIO[console ?? "none"]}`;
}

function becomeCommand({ process, folder, mounts, console }: RunScript): string {
  const giveUp = `exit ${START_ERROR_EXIT_CODE}`;
  return `${mountSteps(folder, mounts, giveUp)}read -r inside </proc/self/stat
if [ "$inside" = "$stat" ]; then echo '/proc is still the host'"'"'s' >&2; ${giveUp}; fi
umount -l ${SETUP_IN_ROOT} || ${giveUp}
${prepareCommand(process, giveUp)}printf x >&6
echo started >&3
exec ${quote(program("setsid"))} ${console === "terminal" ? "--ctty " : ""}${commandLine(process)} ${STDIO[console ?? "none"]} ${CLOSED}`;
}

function mountSteps(folder: string, { root, points, volumes }: ContainerMounts, giveUp: string): string {
  const mountAll = (name: string): string => `mount --all --fstab ${name} || ${giveUp}\n`;
  const oldRoot = OLD_ROOT.slice(1);
  const enter =
    root.length === 0
      ? ""
      : `${mountAll(RUN_FILES.rootFstab)}cd ${OWN_ROOT} && pivot_root . ${oldRoot} && cd / && umount -l ${OLD_ROOT} && cd ${quote(folder)} || ${giveUp}\n`;
  const make = points.map(({ target, isFolder }) => {
    const path = quote(target);
    const made = isFolder ? `mkdir -p ${path}` : `{ mkdir -p ${quote(dirname(target))} && : >${path}; }`;
    return `[ -e ${path} ] || ${made} || ${giveUp}\n`;
  });
  return [
    enter,
    mountAll(RUN_FILES.fstab),
    ...make,
    volumes.length > 0 ? mountAll(RUN_FILES.volumesFstab) : "",
  ].join("");
}
