/**
 * The command line: every command with its options, and for each the file that does it, imported when it is
 * run, so that `podwire --help` loads nothing.
 */
import { Command, CommanderError, Option } from "commander";
import { podwireVersion, runVersion } from "./commands/version.ts";
import { EXIT, endingOf, sayError } from "./errors.ts";
import { duration, integer, repeated, waitTime } from "./option-values.ts";
import { daemonCommands } from "./program-daemons.ts";
import { processTerminal, type Terminal } from "./terminal/terminal.ts";

const DEFAULT_LAB = "lab";

/** Runs one command line (without `node` and the script); resolves with the exit code and never rejects. */
export async function runCommandLine(
  words: readonly string[],
  terminal = processTerminal(),
): Promise<number> {
  try {
    await buildProgram(terminal).parseAsync(words, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    // Commander has printed its own errors, with a suggestion; help and --version end here as well.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    sayError(terminal, error);
    return endingOf(error).exitCode;
  }
}

export function buildProgram(terminal: Terminal): Command {
  const program = new Command("podwire")
    .description("A real Kubernetes network on this machine: pods, nodes and an overlay between them.")
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.stdout.write(text),
      writeErr: text => terminal.stderr.write(text),
    })
    .configureHelp({ sortSubcommands: false })
    .showSuggestionAfterError(true)
    .showHelpAfterError("(see podwire --help)")
    .helpCommand("help [command]", "the same as --help")
    .version(`podwire ${podwireVersion()}`, "--version", "print the version")
    .addHelpText("after", "\nExit codes: 0, 1 failed, 2 usage, 130 interrupted.");
  labCommands(program, terminal);
  clientCommands(program, terminal);
  objectCommands(program, terminal);
  podCommands(program, terminal);
  imageCommands(program, terminal);
  measuringCommands(program, terminal);
  daemonCommands(program);
  program
    .command("version")
    .description("print the version")
    .action(() => runVersion(terminal));
  pointToHelp(program);
  return program;
}

/** A mistake in the options of a command names that command's help, unless it says something better. */
function pointToHelp(parent: Command, line = parent.name()): void {
  for (const command of parent.commands) {
    const words = `${line} ${command.name()}`;
    if (command.name() !== "exec") command.showHelpAfterError(`(see ${words} --help)`);
    pointToHelp(command, words);
  }
}

function labOption(): Option {
  return new Option("--name <lab>", "which lab").env("PODWIRE_LAB").default(DEFAULT_LAB);
}

function outputOption(...formats: string[]): Option {
  return new Option("-o, --output <format>", "print as").choices(formats);
}

function labCommands(program: Command, terminal: Terminal): void {
  program
    .command("up")
    .description("make a lab and keep it running until Ctrl-C")
    // No default here: what lab.yaml says comes before the default.
    .addOption(
      new Option("--name <lab>", "what to call it (default: as in lab.yaml, or $PODWIRE_LAB, or lab)"),
    )
    .option("--nodes <count>", "how many nodes (default: as in lab.yaml, or 3)", integer(1, 250))
    .option("-f, --file <lab.yaml>", "how to make it; - is stdin")
    .option("-d, --detach", "leave it running in the background once it is Ready")
    .option("--wait-timeout <duration>", "how long the nodes may take to be Ready (default: 30s)", waitTime)
    .option("--demo", "run a few pods in it and print their connectivity matrix")
    .addOption(new Option("--supervise <state>").hideHelp())
    .action(async options => (await import("./commands/up.ts")).runUp(options, terminal));

  program
    .command("down")
    .description("remove a lab and everything it made, also after a crash")
    .addOption(labOption())
    .option("--all", "every lab of this machine")
    .action(async options => (await import("./commands/down.ts")).runDown(options, terminal));

  program
    .command("status")
    .description("show a lab's nodes, pods and processes")
    .addOption(labOption())
    .addOption(outputOption("json"))
    .action(async options => (await import("./commands/status.ts")).runStatus(options, terminal));
}

function clientCommands(program: Command, terminal: Terminal): void {
  program
    .command("kubeconfig")
    .description("print, write or merge the kubeconfig by which kubectl reaches a lab")
    .addOption(labOption())
    .option("-o, --output <file>", "write it to this file; - is stdout")
    .option(
      "--merge",
      "merge it into your own: the first file of $KUBECONFIG, or ~/.kube/config; down removes it",
    )
    .option("--use-context", "with --merge: make the lab the current context")
    .action(async options => (await import("./commands/kubeconfig.ts")).runKubeconfig(options, terminal));
}

function namespaceOptions(command: Command): Command {
  return command.addOption(labOption()).option("-n, --namespace <namespace>", "which namespace", "default");
}

function objectCommands(program: Command, terminal: Terminal): void {
  namespaceOptions(program.command("apply"))
    .description("create or change the objects of manifests")
    .requiredOption(
      "-f, --file <manifest>",
      "file or directory of YAML or JSON, - is stdin; may be repeated",
      (file: string, before?: string[]) => [...(before ?? []), file],
    )
    .action(async options => (await import("./commands/apply.ts")).runApply(options, terminal));

  namespaceOptions(program.command("get"))
    .description("print objects: get pods, get pod web, get nodes,pods, get pod/web")
    .argument("<kind>")
    .argument("[name...]")
    .option("-A, --all-namespaces", "objects of all namespaces")
    .addOption(outputOption("json", "yaml", "wide", "name"))
    .option("-l, --selector <labels>", "only objects whose labels match, such as app=web,tier!=cache")
    .option("-w, --watch", "go on printing what changes until Ctrl-C")
    .option("--no-headers", "print no column names")
    .action(async (kind, names, options) =>
      (await import("./commands/get.ts")).runGet(kind, names, options, terminal),
    );

  namespaceOptions(program.command("delete"))
    .description("delete objects by kind and name, or those of manifests")
    .argument("[kind]")
    .argument("[name...]")
    .option(
      "-f, --file <manifest>",
      "file or directory of YAML or JSON, - is stdin; may be repeated",
      (file: string, before?: string[]) => [...(before ?? []), file],
    )
    .option("--all", "all objects of the kind in the namespace")
    .option("-l, --selector <labels>", "all objects whose labels match")
    .option("--grace-period <seconds>", "seconds a pod has to end; 0 kills it", integer(0, 1_000_000))
    .option("--ignore-not-found", "succeed when an object is not there")
    .option("--no-wait", "do not wait until the objects are gone")
    .action(async (kind, names, options) =>
      (await import("./commands/delete.ts")).runDelete(kind, names, options, terminal),
    );
}

function podCommands(program: Command, terminal: Terminal): void {
  namespaceOptions(program.command("exec"))
    .description(
      "run a command in a container (exec web), or in the network of a node or outside host (exec node/node-1, exec outside/client); podwire exits with the command's exit code",
    )
    .usage("[options] <pod> -- <command...>")
    .showHelpAfterError("(options of the command itself go after --: podwire exec web -- ls -l)")
    .argument("<pod>")
    .argument("<command...>")
    .option("-c, --container <container>", "which container (needed where the pod has several)")
    .option("-i, --stdin", "pass stdin on to the command")
    .option("-t, --tty", "run the command on a terminal")
    .action(async (pod, command, options) =>
      /^(node|outside)\//.test(pod)
        ? (await import("./commands/exec-host.ts")).runExecOnHost(pod, command, options)
        : (await import("./commands/exec.ts")).runExec(pod, command, options, terminal),
    );

  namespaceOptions(program.command("logs"))
    .description("print what a container has written")
    .argument("<pod>")
    .option("-c, --container <container>", "which container (needed where the pod has several)")
    .option("-f, --follow", "go on until the container ends")
    .option("--tail <lines>", "only the last lines", integer(0, Number.MAX_SAFE_INTEGER))
    .option("--since <duration>", "only lines younger than this, such as 90s or 5m", duration)
    .option("-p, --previous", "of the container's run before this one")
    .option("--timestamps", "with the time of each line")
    .action(async (pod, options) => (await import("./commands/logs.ts")).runLogs(pod, options));
}

function imageCommands(program: Command, terminal: Terminal): void {
  const image = program
    .command("image")
    .description("the images that pods of this machine's labs can run on");
  image
    .command("load")
    .description("put the images of an archive (docker save, or an OCI layout as tar) into the store")
    .argument("<file>", "the archive, which may be compressed; - is stdin")
    .action(async file => (await import("./commands/image.ts")).runImageLoad(file, terminal));
  image
    .command("list")
    .description("list the images of the store")
    .addOption(outputOption("json"))
    .action(async options => (await import("./commands/image.ts")).runImageList(options, terminal));
  image
    .command("remove")
    .description("remove images by reference, or by ID or its first digits")
    .argument("<image...>")
    .action(async names => (await import("./commands/image.ts")).runImageRemove(names, terminal));
}

function measuringCommands(program: Command, terminal: Terminal): void {
  program
    .command("matrix")
    .description("try TCP and UDP over IPv4 and IPv6 from every pod to every pod")
    .addOption(labOption())
    .option("-n, --namespace <namespace>", "only pods of this namespace (default: all)")
    .option("-l, --selector <labels>", "only pods whose labels match")
    .addOption(outputOption("json"))
    .action(async options => (await import("./commands/matrix.ts")).runMatrix(options, terminal));

  const bench = program.command("bench").description("measure the overlay, a lab, or its control plane");
  bench
    .command("overlay")
    .description("measure the overlay next to the kernel's own VXLAN device")
    .addOption(outputOption("json", "table"))
    .option("--case <name>", "only cases with this in their name; may be repeated", repeated)
    .option("--rounds <count>", "measurements of each case, alternating", integer(1, 1000))
    .option("--duration <duration>", "length of one measurement, such as 2s", duration)
    .option("--chart <file>", "also write a chart, .svg or .html")
    .option("--with-iperf3", "use iperf3 as the traffic generator")
    .action(async options => (await import("./commands/bench.ts")).runBenchOverlay(options, terminal));
  bench
    .command("api")
    .description("measure the control plane: requests, lists, watchers, node streams, a Deployment")
    .addOption(outputOption("json", "table"))
    .action(async options => (await import("./commands/bench.ts")).runBenchApi(options, terminal));
  bench
    .command("dns")
    .description("measure a node's DNS server with dnsperf, beside CoreDNS where there is one")
    .addOption(outputOption("json", "table"))
    .action(async options => (await import("./commands/bench.ts")).runBenchDns(options, terminal));
  bench
    .command("lab")
    .description("measure start, memory, idle cost and pods of a lab")
    .addOption(outputOption("json", "table"))
    .action(async options => (await import("./commands/bench.ts")).runBenchLab(options, terminal));
  bench
    .command("services")
    .description("measure the service proxy next to pods themselves and to the kernel's nftables")
    .addOption(outputOption("json", "table"))
    .action(async options => (await import("./commands/bench.ts")).runBenchServices(options, terminal));
}
