/**
 * The shape of lab.yaml: every field, once. The interfaces below say the same to TypeScript; `read.ts` only
 * hands out a `ClusterFile` after the shape has accepted every field of it.
 */

import { parseAddress } from "@podwire/wire/address";
import { parseRange } from "@podwire/wire/address-range";
import { parseCidr } from "@podwire/wire/cidr";
import { parsePortRange } from "@podwire/wire/port-range";
import {
  MAX_DNS_UPSTREAMS,
  MAX_DOMAIN_LENGTH,
  MAX_LAB_NAME_LENGTH,
  MAX_MTU,
  MAX_NODE_ATTRIBUTES,
  MAX_NODES,
  MAX_OUTSIDE_HOSTS,
  MAX_POOL_RANGES,
  MAX_POOLS,
  MAX_STUB_DOMAINS,
  MIN_POD_MTU_IPV4,
  OVERLAY_BYTES,
} from "../limits.ts";
import type { ObjectShape, StringShape } from "./shape.ts";

/** An IP family, as lab.yaml and its messages write it. */
export type Family = "IPv4" | "IPv6";

export interface TaintSpec {
  key: string;
  value?: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

export interface NodeGroup {
  name?: string;
  namePrefix?: string;
  count?: number;
  labels?: Record<string, string>;
  taints?: TaintSpec[];
  underlayMtu?: number;
}

export interface PoolSpec {
  name: string;
  addresses: string[];
  class?: string;
  ipMode?: "VIP" | "Proxy";
}

export interface StubDomainSpec {
  domain: string;
  upstreams: string[];
}

export interface ClusterFile {
  apiVersion: string;
  kind: string;
  metadata?: { name?: string };
  nodes?: NodeGroup[];
  networking?: {
    ipFamilies?: Family[];
    podCIDRs?: string[];
    serviceCIDRs?: string[];
    nodePortRange?: string;
    nodeMaskSizes?: { IPv4?: number; IPv6?: number };
  };
  underlay?: { cidrs?: string[]; mtu?: number; vxlanFamily?: Family };
  vxlan?: { port?: number; vni?: number };
  loadBalancer?: { pools?: PoolSpec[] };
  dns?: { clusterDomain?: string; upstreams?: string[]; stubDomains?: StubDomainSpec[] };
  outside?: { name: string }[];
  apiServer?: { port?: number };
}

export const DEFAULTS = {
  name: "lab",
  nodes: 3,
  nodePrefix: "node-",
  podCIDRs: { IPv4: "10.244.0.0/16", IPv6: "fd00:10:244::/56" },
  serviceCIDRs: { IPv4: "10.96.0.0/12", IPv6: "fd00:10:96::/112" },
  nodePortRange: "30000-32767",
  nodeMaskSizes: { IPv4: 24, IPv6: 64 },
  underlayCidrs: { IPv4: "172.30.0.0/16", IPv6: "fd00:172:30::/64" },
  underlayMtu: 1500,
  vxlanPort: 4789,
  vni: 1,
  clusterDomain: "cluster.local",
} as const;

const DNS_LABEL = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/** RFC 1123 label, as Kubernetes names objects. */
const LABEL_RULE = "lower-case letters, digits and '-', starting and ending with a letter or digit";

export const LAB_NAME: StringShape = {
  type: "string",
  allowed: `at most ${MAX_LAB_NAME_LENGTH} ${LABEL_RULE}`,
  pattern: DNS_LABEL,
  maxLength: MAX_LAB_NAME_LENGTH,
};

const NODE_NAME: StringShape = {
  type: "string",
  allowed: `at most 63 ${LABEL_RULE}`,
  pattern: DNS_LABEL,
  maxLength: 63,
};

/** Kubernetes label keys: an optional DNS subdomain, a slash, and a name of at most 63 characters. */
const LABEL_KEY: StringShape = {
  type: "string",
  allowed: 'a label key such as "zone" or "example.com/zone"',
  pattern:
    "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
  maxLength: 317,
};

const LABEL_VALUE: StringShape = {
  type: "string",
  allowed:
    "empty, or at most 63 letters, digits, '-', '_' and '.', starting and ending with a letter or digit",
  pattern: "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
  maxLength: 63,
};

const CIDR: StringShape = {
  type: "string",
  allowed: "a CIDR whose host bits are zero, such as 10.244.0.0/16 or fd00:10:244::/56",
  pattern: "^[0-9A-Fa-f.:]+/[0-9]{1,3}$",
  accepts: value => parseCidr(value) !== undefined,
};

const DOMAIN: StringShape = {
  type: "string",
  allowed: "a domain of lower-case letters, digits, '-' and '.', such as cluster.local",
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
  maxLength: MAX_DOMAIN_LENGTH,
};

const DNS_SERVER: StringShape = {
  type: "string",
  allowed: "an address, with or without a port, such as 192.0.2.1, 192.0.2.1:5353 or [2001:db8::1]:5353",
  pattern:
    "^(\\[[0-9A-Fa-f.:]+\\](:[0-9]{1,5})?|[0-9]{1,3}(\\.[0-9]{1,3}){3}(:[0-9]{1,5})?|[0-9A-Fa-f]*:[0-9A-Fa-f.:]+)$",
  accepts: value => isServer(value),
};

const DNS_SERVERS = { type: "list", items: DNS_SERVER, minItems: 0, maxItems: MAX_DNS_UPSTREAMS } as const;

const DNS: ObjectShape = {
  type: "object",
  required: [],
  fields: {
    clusterDomain: {
      shape: DOMAIN,
      description: "Last part of the names of Services and Pods.",
      default: DEFAULTS.clusterDomain,
    },
    upstreams: {
      shape: DNS_SERVERS,
      description:
        "Who is asked for names that are not the cluster's, the first that answers; the machine's own when absent.",
    },
    stubDomains: {
      shape: {
        type: "list",
        items: {
          type: "object",
          required: ["domain", "upstreams"],
          fields: {
            domain: { shape: DOMAIN, description: "The domain, with everything below it." },
            upstreams: { shape: DNS_SERVERS, description: "Who is asked for its names." },
          },
        },
        minItems: 0,
        maxItems: MAX_STUB_DOMAINS,
      },
      description: "Domains whose names others are asked for.",
    },
  },
};

/** An address of either family, with or without a port. */
function isServer(text: string): boolean {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(text) ?? /^([^:]*):(\d+)$/.exec(text);
  const [address = "", port = "53"] = bracketed ? bracketed.slice(1) : [text];
  return parseAddress(address) !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

const FAMILY: StringShape = { type: "string", allowed: "an IP family", values: ["IPv4", "IPv6"] };

const MTU = {
  type: "integer",
  minimum: MIN_POD_MTU_IPV4 + OVERLAY_BYTES.IPv4,
  maximum: MAX_MTU,
} as const;

const PORT = { type: "integer", minimum: 1, maximum: 65535 } as const;

const TAINT: ObjectShape = {
  type: "object",
  required: ["key", "effect"],
  fields: {
    key: { shape: LABEL_KEY, description: "The taint's key." },
    value: { shape: LABEL_VALUE, description: "The taint's value.", default: "" },
    effect: {
      shape: {
        type: "string",
        allowed: "a taint effect",
        values: ["NoSchedule", "PreferNoSchedule", "NoExecute"],
      },
      description: "What happens to Pods that do not tolerate it.",
    },
  },
};

const NODE_GROUP: ObjectShape = {
  type: "object",
  required: [],
  oneOf: [["name"], ["namePrefix", "count"]],
  fields: {
    name: { shape: NODE_NAME, description: "Name of this one node." },
    namePrefix: {
      shape: {
        type: "string",
        allowed: "at most 60 lower-case letters, digits and '-', starting with a letter or digit",
        pattern: "^[a-z0-9][-a-z0-9]*$",
        maxLength: 60,
      },
      description: "Nodes are named by this and a number from 1 to `count`.",
    },
    count: { shape: { type: "integer", minimum: 1, maximum: MAX_NODES }, description: "How many nodes." },
    labels: {
      shape: { type: "map", key: LABEL_KEY, value: LABEL_VALUE, maxEntries: MAX_NODE_ATTRIBUTES },
      description: "Labels of the Node objects.",
    },
    taints: {
      shape: { type: "list", items: TAINT, minItems: 0, maxItems: MAX_NODE_ATTRIBUTES },
      description: "Taints of the Node objects.",
    },
    underlayMtu: { shape: MTU, description: "MTU of these nodes' underlay device; underlay.mtu otherwise." },
  },
};

const NETWORKING: ObjectShape = {
  type: "object",
  required: [],
  fields: {
    ipFamilies: {
      shape: { type: "list", items: FAMILY, minItems: 1, maxItems: 2 },
      description: "Families that Pods have addresses of, the primary first.",
      default: ["IPv4", "IPv6"],
    },
    podCIDRs: {
      shape: { type: "list", items: CIDR, minItems: 1, maxItems: 2 },
      description: "Addresses of all Pods, at most one CIDR a family.",
      default: [DEFAULTS.podCIDRs.IPv4, DEFAULTS.podCIDRs.IPv6],
    },
    serviceCIDRs: {
      shape: { type: "list", items: CIDR, minItems: 1, maxItems: 2 },
      description:
        "Addresses of all Services, one CIDR a family of ipFamilies. The first of each is the API server's.",
      default: [DEFAULTS.serviceCIDRs.IPv4, DEFAULTS.serviceCIDRs.IPv6],
    },
    nodePortRange: {
      shape: {
        type: "string",
        allowed: `two ports in their order, such as ${DEFAULTS.nodePortRange}`,
        pattern: "^[1-9][0-9]{0,4}-[1-9][0-9]{0,4}$",
        accepts: value => parsePortRange(value) !== undefined,
      },
      description: "Ports on the nodes that Services are given, with those for health checks.",
      default: DEFAULTS.nodePortRange,
    },
    nodeMaskSizes: {
      shape: {
        type: "object",
        required: [],
        fields: {
          IPv4: {
            shape: { type: "integer", minimum: 8, maximum: 30 },
            description: "Prefix length of a node's IPv4 Pod CIDR.",
            default: DEFAULTS.nodeMaskSizes.IPv4,
          },
          IPv6: {
            shape: { type: "integer", minimum: 16, maximum: 126 },
            description: "Prefix length of a node's IPv6 Pod CIDR.",
            default: DEFAULTS.nodeMaskSizes.IPv6,
          },
        },
      },
      description: "Prefix lengths of the part of podCIDRs that each node gets.",
    },
  },
};

const UNDERLAY: ObjectShape = {
  type: "object",
  required: [],
  fields: {
    cidrs: {
      shape: { type: "list", items: CIDR, minItems: 1, maxItems: 2 },
      description: "Addresses of the nodes, at most one CIDR a family.",
      default: [DEFAULTS.underlayCidrs.IPv4, DEFAULTS.underlayCidrs.IPv6],
    },
    mtu: {
      shape: MTU,
      description: "MTU of the underlay; Pods get it less the encapsulation.",
      default: 1500,
    },
    vxlanFamily: {
      shape: FAMILY,
      description:
        "Family of the outer addresses of the overlay: the family of the first of underlay.cidrs unless set.",
    },
  },
};

const POOL: ObjectShape = {
  type: "object",
  required: ["name", "addresses"],
  fields: {
    name: { shape: NODE_NAME, description: "Name of the pool, for messages." },
    addresses: {
      shape: {
        type: "list",
        items: {
          type: "string",
          allowed: "a CIDR or a range, such as 172.30.255.0/24 or 172.30.255.1-172.30.255.9",
          pattern: "^[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*(/[0-9]{1,3}| ?- ?[0-9A-Fa-f.:]+)$",
          accepts: value => parseRange(value) !== undefined,
        },
        minItems: 1,
        maxItems: MAX_POOL_RANGES,
      },
      description: "Addresses that it gives to Services, of either family or both.",
    },
    class: {
      shape: LABEL_KEY,
      description: "The loadBalancerClass that it is for; absent: for Services without one.",
    },
    ipMode: {
      shape: { type: "string", allowed: "an IP mode", values: ["VIP", "Proxy"] },
      description:
        "Written to the Service's status. Of VIP, nodes announce the addresses; of Proxy, you run what has them.",
      default: "VIP",
    },
  },
};

export const CLUSTER: ObjectShape = {
  type: "object",
  required: ["apiVersion", "kind"],
  fields: {
    apiVersion: {
      shape: { type: "string", allowed: "the version", values: ["podwire.dev/v1alpha1"] },
      description: "Version of this format.",
    },
    kind: {
      shape: { type: "string", allowed: "the kind", values: ["Cluster"] },
      description: "Always Cluster.",
    },
    metadata: {
      shape: {
        type: "object",
        required: [],
        fields: { name: { shape: LAB_NAME, description: "Name of the lab.", default: DEFAULTS.name } },
      },
      description: "What the lab is called; --name overrides.",
    },
    nodes: {
      shape: { type: "list", items: NODE_GROUP, minItems: 1, maxItems: MAX_NODES },
      description: "The nodes, one by one or in groups. Three nodes called node-1 to node-3 when absent.",
    },
    networking: { shape: NETWORKING, description: "The Pod network." },
    underlay: { shape: UNDERLAY, description: "The network between the nodes." },
    vxlan: {
      shape: {
        type: "object",
        required: [],
        fields: {
          port: { shape: PORT, description: "UDP port of the overlay.", default: DEFAULTS.vxlanPort },
          vni: {
            shape: { type: "integer", minimum: 1, maximum: 0xffffff },
            description: "VXLAN network identifier (RFC 7348 §5).",
            default: DEFAULTS.vni,
          },
        },
      },
      description: "The overlay.",
    },
    loadBalancer: {
      shape: {
        type: "object",
        required: [],
        fields: {
          pools: {
            shape: { type: "list", items: POOL, minItems: 0, maxItems: MAX_POOLS },
            description: "Where addresses come from, tried in this order. One on the underlay when absent.",
          },
        },
      },
      description: "Services of type LoadBalancer.",
    },
    dns: { shape: DNS, description: "Names." },
    outside: {
      shape: {
        type: "list",
        items: {
          type: "object",
          required: ["name"],
          fields: { name: { shape: NODE_NAME, description: "Name of the host: podwire exec outside/NAME." } },
        },
        minItems: 0,
        maxItems: MAX_OUTSIDE_HOSTS,
      },
      description: "Hosts on the underlay that are no nodes, such as clients.",
    },
    apiServer: {
      shape: {
        type: "object",
        required: [],
        fields: {
          port: { shape: PORT, description: "Port on 127.0.0.1; a free one is chosen when absent." },
        },
      },
      description: "Where clients reach the API server.",
    },
  },
};
