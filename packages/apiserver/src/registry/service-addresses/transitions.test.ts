/**
 * What becomes of a Service that changes its type, from each to each: what it keeps, is given and gives back. And how it
 * gets a second family and loses it.
 */
import assert from "node:assert/strict";
import { kinds, type NewObject, type Service, type ServiceSpec } from "@podwire/api";
import { openMemoryStore, type Store } from "@podwire/store";
import { openRegistry } from "../open.ts";
import type { Registry } from "../registry.ts";

const REF = { namespace: "default", name: "web" };
const PORTS = [{ name: "a", port: 80 }];

/** Of each kind what its spec says, and what it has: an address, ports of nodes, a port for health checks. */
const BALANCED = {
  type: "LoadBalancer",
  externalTrafficPolicy: "Cluster",
  allocateLoadBalancerNodePorts: true,
} as const;
const KINDS = {
  ClusterIP: { spec: { type: "ClusterIP" }, has: ["address"] },
  headless: { spec: { type: "ClusterIP", clusterIP: "None" }, has: [] },
  NodePort: { spec: { type: "NodePort" }, has: ["address", "nodePort"] },
  LoadBalancer: { spec: BALANCED, has: ["address", "nodePort"] },
  "LoadBalancer, Local": {
    spec: { ...BALANCED, externalTrafficPolicy: "Local" },
    has: ["address", "nodePort", "healthPort"],
  },
  "LoadBalancer without node ports": {
    spec: { ...BALANCED, allocateLoadBalancerNodePorts: false },
    has: ["address"],
  },
  ExternalName: { spec: { type: "ExternalName", externalName: "a.test" }, has: [] },
} satisfies Record<string, { spec: Partial<ServiceSpec>; has: string[] }>;
type Name = keyof typeof KINDS;

function thingsOf({ clusterIP, ports = [], healthCheckNodePort }: ServiceSpec) {
  return {
    address: clusterIP === "None" ? undefined : clusterIP,
    nodePort: ports[0]?.nodePort,
    healthPort: healthCheckNodePort,
  };
}

/** As a client that sends a manifest of the other kind. */
function manifest(name: Name): Partial<ServiceSpec> {
  return { ports: structuredClone(PORTS), ...structuredClone(KINDS[name].spec) } as Partial<ServiceSpec>;
}

/** A patch of its type, which leaves everything else as it was. */
function patched(spec: ServiceSpec, name: Name): ServiceSpec {
  const next = { ...structuredClone(spec), ...structuredClone(KINDS[name].spec) } as ServiceSpec;
  if (KINDS[name].spec.type !== "ExternalName") delete next.externalName;
  if (next.clusterIP === "None") next.clusterIPs = ["None"];
  return next;
}

describe("a Service that changes", () => {
  let store: Store;
  let registry: Registry;

  beforeEach(async () => {
    store = openMemoryStore();
    registry = await openRegistry(store, undefined, { serviceCidrs: ["10.96.0.0/24", "fd00:10:96::/112"] });
  });
  afterEach(() => store.close());

  const create = async (spec: Partial<ServiceSpec>, name = "web") => {
    const service = { metadata: { ...REF, name }, spec } as NewObject<Service>;
    return (await registry.create(kinds.services, service)).object.spec;
  };
  const change = async (make: (spec: ServiceSpec) => Partial<ServiceSpec>) => {
    const edit = (copy: Service) => {
      copy.spec = make(copy.spec) as ServiceSpec;
    };
    return (await registry.mutate(kinds.services, REF, edit)).object.spec;
  };
  const isTaken = async (address: string) => {
    const probe = create({ ports: PORTS, clusterIP: address }, "probe").then(
      () => registry.delete(kinds.services, { ...REF, name: "probe" }).then(() => false),
      () => true,
    );
    return probe;
  };
  const isPortTaken = async (nodePort: number) => {
    const ports = [{ port: 80, nodePort }];
    return create({ type: "NodePort", ports }, "probe").then(
      () => registry.delete(kinds.services, { ...REF, name: "probe" }).then(() => false),
      () => true,
    );
  };

  async function check(before: ServiceSpec, after: ServiceSpec, to: Name): Promise<void> {
    const [had, has] = [thingsOf(before), thingsOf(after)];
    const wanted: readonly string[] = KINDS[to].has;
    for (const thing of ["address", "nodePort", "healthPort"] as const) {
      const isKept = had[thing] !== undefined && has[thing] === had[thing];
      const detail = `${thing}: ${had[thing]} -> ${has[thing]}`;
      // Ports that are there stay there, when none would be given.
      if (to === "LoadBalancer without node ports" && thing === "nodePort") continue;
      assert.equal(has[thing] !== undefined, wanted.includes(thing), detail);
      if (had[thing] !== undefined && has[thing] !== undefined) assert.ok(isKept, detail);
    }
    if (had.address) assert.equal(await isTaken(had.address), has.address !== undefined);
    for (const port of [had.nodePort, had.healthPort]) {
      const isStill = port !== undefined && [has.nodePort, has.healthPort].includes(port);
      if (port) assert.equal(await isPortTaken(port), isStill, `port ${port}`);
    }
  }

  const names = Object.keys(KINDS) as Name[];
  const hasAddresses = (name: Name) => KINDS[name].has.length > 0;
  for (const from of names) {
    for (const to of names.filter(each => each !== from)) {
      const isRefused =
        (from === "headless" && hasAddresses(to)) || (to === "headless" && hasAddresses(from));
      for (const [how, make] of [
        ["by a manifest", () => manifest(to)],
        ["by a patch", (spec: ServiceSpec) => patched(spec, to)],
      ] as const) {
        it(`from ${from} to ${to} ${how}${isRefused ? " is refused" : ""}`, async () => {
          const before = await create(manifest(from));
          // A manifest that says nothing of addresses keeps None, which is then wrong for the others only.
          const isSameAddress = from === "headless" && to === "ClusterIP";
          if (isRefused && !isSameAddress) {
            await assert.rejects(change(make), /may not change once set|may not be set to 'None'/);
            return;
          }
          const after = await change(make);
          if (isSameAddress) assert.deepEqual(after.clusterIPs, ["None"]);
          else await check(before, after, to);
        });
      }
    }
  }

  const POLICIES = ["PreferDualStack", "RequireDualStack"] as const;
  for (const ipFamilyPolicy of POLICIES) {
    it(`gets a second family by ${ipFamilyPolicy}, and gives it back by SingleStack`, async () => {
      const { clusterIP } = await create({ ports: PORTS });
      const wider = await change(spec => ({ ...spec, ipFamilyPolicy }));
      assert.deepEqual([wider.ipFamilies, wider.clusterIPs?.[0]], [["IPv4", "IPv6"], clusterIP]);
      const second = wider.clusterIPs![1]!;
      assert.equal(await isTaken(second), true);
      await assert.rejects(
        change(spec => ({ ...spec, clusterIPs: [clusterIP!] })),
        /spec\.ipFamilyPolicy: Invalid value: "\w+": must be 'SingleStack' to release the secondary cluster IP/,
      );
      const narrower = await change(spec => ({ ...spec, ipFamilyPolicy: "SingleStack" }));
      assert.deepEqual([narrower.ipFamilies, narrower.clusterIPs], [["IPv4"], [clusterIP]]);
      assert.equal(await isTaken(second), false);
    });
  }

  it("does not change its first family, nor takes two of one", async () => {
    await create({ ports: PORTS });
    const refusals: [Partial<ServiceSpec>, RegExp][] = [
      [{ ipFamilies: ["IPv6"] }, /expected an IPv6 value as indicated by `ipFamilies\[0\]`/],
      [{ ipFamilies: ["IPv4", "IPv4"] }, /spec\.ipFamilies\[1\]: Duplicate value: "IPv4"/],
      [
        { ipFamilies: ["IPv4", "IPv6"] },
        /must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families/,
      ],
    ];
    for (const [part, message] of refusals)
      await assert.rejects(
        change(spec => ({ ...spec, ...part })),
        message,
      );
  });

  it("of PreferDualStack on a cluster of one family stays as it is when the cluster gets the other", async () => {
    registry = await openRegistry(openMemoryStore(), undefined, { serviceCidrs: ["10.96.0.0/24"] });
    const before = await create({ ports: PORTS, ipFamilyPolicy: "PreferDualStack" });
    assert.deepEqual(before.ipFamilies, ["IPv4"]);
    const after = await change(spec => ({ ...spec, sessionAffinity: "ClientIP" }));
    assert.deepEqual([after.ipFamilies, after.clusterIPs], [["IPv4"], before.clusterIPs]);
  });
});
