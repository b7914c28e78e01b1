/**
 * The addresses of one load balancer: what it has already and may keep, what it asks for (loadBalancerIP, which is
 * deprecated and still honoured), and free ones for the families that are left.
 */
import type { LoadBalancerIngress, Service } from "@podwire/api";
import { type Family, familyOf, type Holder, type Pool, poolOf, type TakenAddresses } from "./pools.ts";

export interface Choice {
  readonly ingress: LoadBalancerIngress[];
  /** Why it is not all that was asked for. */
  readonly problem: string | undefined;
}

/** "foreign": no pool is for its class. */
export function choose(
  service: Service,
  allPools: readonly Pool[],
  taken: TakenAddresses,
  holder: Holder,
): Choice | "foreign" {
  const { loadBalancerClass, loadBalancerIP, ipFamilies = [], ipFamilyPolicy } = service.spec;
  const pools = allPools.filter(pool => (pool.class ?? "") === (loadBalancerClass ?? ""));
  if (pools.length === 0 && loadBalancerClass) return "foreign";
  const families = ipFamilies as Family[];
  const has = (service.status.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  if (loadBalancerIP) {
    const problem = refusal(loadBalancerIP, service, pools, taken, holder, has.includes(loadBalancerIP));
    if (problem !== undefined) return { ingress: [], problem };
  }
  const chosen: LoadBalancerIngress[] = [];
  const missing: Family[] = [];
  for (const family of families) {
    const wished = loadBalancerIP && familyOf(loadBalancerIP) === family ? loadBalancerIP : undefined;
    const kept = has.find(
      address =>
        familyOf(address) === family && poolOf(pools, address) && !taken.ownerBefore(address, holder, true),
    );
    const address = wished ?? kept ?? taken.free(pools, family);
    const pool = address === undefined ? undefined : poolOf(pools, address);
    if (pool === undefined) missing.push(family);
    else chosen.push({ ip: address!, ipMode: pool.ipMode });
  }
  if (missing.length === 0) return { ingress: chosen, problem: undefined };
  const isEnough = chosen.length > 0 && ipFamilyPolicy !== "RequireDualStack";
  return { ingress: isEnough ? chosen : [], problem: shortage(missing, pools) };
}

/** Why a Service cannot have the address that it asks for. */
function refusal(
  address: string,
  { spec }: Service,
  pools: readonly Pool[],
  taken: TakenAddresses,
  holder: Holder,
  isHeld: boolean,
): string | undefined {
  const asked = `spec.loadBalancerIP: ${address}`;
  if (poolOf(pools, address) === undefined)
    return `${asked} is in no pool (${namesOf(pools)}); choose one of theirs`;
  if (!spec.ipFamilies?.includes(familyOf(address)))
    return `${asked} is ${familyOf(address)}, spec.ipFamilies has only ${spec.ipFamilies?.join(", ")}`;
  const owner = taken.ownerBefore(address, holder, isHeld);
  return owner && `${asked} is already the address of Service ${owner}`;
}

function shortage(families: readonly Family[], pools: readonly Pool[]): string {
  const what = families.join(" or ");
  if (pools.length === 0) return "there is no pool of addresses; lab.yaml has them under loadBalancer.pools";
  return `no ${what} address is free in the pools (${namesOf(pools)}); delete Services of type LoadBalancer, or make the pools larger in lab.yaml (loadBalancer.pools)`;
}

function namesOf(pools: readonly Pool[]): string {
  return pools.map(({ name, addresses }) => `${name}: ${addresses.join(", ")}`).join("; ") || "there is none";
}
