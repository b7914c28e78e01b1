/** The command lines that a lab starts its daemons with; people rarely type them. */
import { type Command, Option } from "commander";
import { commaList, integer, keyValue, repeated } from "./option-values.ts";

const GROUP = "Daemons (up starts them):";
const port = integer(1, 65535);

export function daemonCommands(program: Command): void {
  program
    .command("control-plane")
    .helpGroup(GROUP)
    .description("run the API server and the controllers")
    .requiredOption("--dir <directory>", "where the store is kept")
    .requiredOption("--listen <address:port>", "where clients reach the API server")
    .option(
      "--underlay-namespace <pid>",
      "a process in another network namespace to listen in",
      integer(1, 2 ** 22),
    )
    .option("--underlay-listen <address:port>", "where there; may be repeated", repeated)
    .requiredOption("--pki <directory>", "certificates and keys of the cluster")
    .requiredOption("--nodes-socket <path>", "unix socket of the node daemons")
    .requiredOption("--cluster-cidr <cidrs>", "addresses of all pods, one CIDR a family", commaList)
    .requiredOption(
      "--node-mask-size <lengths>",
      "prefix length of a node's CIDRs, in the same order",
      numbers,
    )
    .requiredOption("--service-cidr <cidrs>", "addresses of all Services, in the same order", commaList)
    .option("--node-port-range <ports>", "ports of Services on the nodes, 30000-32767 unless told otherwise")
    .option("--load-balancer-pools <json>", "pools of load balancers' addresses, as in lab.yaml", JSON.parse)
    .action(async options => (await import("./commands/control-plane.ts")).runControlPlane(options));

  program
    .command("node")
    .helpGroup(GROUP)
    .description("run one node's daemon")
    .requiredOption("--name <node>", "name of the Node object")
    .requiredOption("--server <address>", "where the control plane serves nodes, such as unix:/path")
    .requiredOption("--pki <directory>", "certificates and keys of the cluster")
    .requiredOption("--dir <directory>", "where the node keeps its pods")
    .requiredOption("--lab-dir <directory>", "the lab's directory")
    .requiredOption("--address <address>", "InternalIP; once a family", repeated)
    .option("--device <device>", "underlay device", "eth0")
    .option("--udp-port <port>", "UDP port of the overlay", port, 4789)
    .option("--vni <vni>", "VXLAN network identifier", integer(1, 0xffffff), 1)
    .option("--cluster-dns <address>", "nameserver of pods; without it, the node's own", repeated, [])
    .option("--cluster-domain <domain>", "last part of the names that it knows", "cluster.local")
    .option("--dns-forwarding <json>", "who is asked for other names; the machine's resolver", JSON.parse)
    .option("--machine-namespace <pid>", "a process in the machine's network", integer(1, 2 ** 22))
    .option(
      "--load-balancer-range <range>",
      "addresses of load balancers that nodes announce; may be repeated",
      repeated,
      [],
    )
    .option("--label <key=value>", "label of the Node; may be repeated", keyValue)
    .addOption(
      new Option("--taint <key=value:effect>", "taint of the Node; may be repeated").argParser(repeated),
    )
    .action(async options => {
      await (await import("./commands/node.ts")).runNode(options);
      await untilKilled();
    });
}

function numbers(text: string): number[] {
  return commaList(text).map(integer(1, 128));
}

/** The node's daemon serves from when its command returns until a signal ends the process. */
function untilKilled(): Promise<never> {
  return new Promise(() => {});
}
