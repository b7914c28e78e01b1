/**
 * A Service gets its families and its addresses (upstream: pkg/registry/core/service/storage/alloc.go):
 *
 *   families     those asked for; otherwise those of the addresses asked for; otherwise the cluster's first, and by
 *                ipFamilyPolicy its second
 *   addresses    one a family: those asked for, if they are free and in the range, and any for the others. None for an
 *                ExternalName; "None" stays
 *
 * Validation has seen the Service before: its addresses are some, of the families that it names.
 */
import { fieldInvalid, internalError, invalid, jsonEqual, type Service } from "@podwire/api";
import { parseAddress } from "@podwire/wire/address";
import type { Cidr } from "@podwire/wire/cidr";
import type { ClusterIps } from "./cluster-ips.ts";

type Family = "IPv4" | "IPv6";
const NONE = "None";

export class ServiceAddresses {
  readonly #ranges = new Map<Family, Cidr>();
  readonly #families: readonly Family[];
  readonly #ips: ClusterIps;

  /** `ranges`: at most one a family, the cluster's first family first. */
  constructor(ranges: readonly Cidr[], ips: ClusterIps) {
    for (const range of ranges) this.#ranges.set(`IPv${range.family}`, range);
    this.#families = [...this.#ranges.keys()];
    this.#ips = ips;
  }

  /** Completes a new Service. Returns what was taken, for `revert`. Throws Invalid, and has taken nothing then. */
  assign(service: Service, key: string): string[] {
    const { spec } = service;
    if (spec.type === "ExternalName") return [];
    this.#chooseFamilies(service);
    const taken = spec.clusterIPs?.[0] === NONE ? [] : this.#takeAddresses(service, key);
    spec.clusterIP = spec.clusterIPs![0];
    return taken;
  }

  /** The same for a Service that is changed, and that was given back what a client had left out. */
  reassign(next: Service, stored: Service, key: string): string[] {
    narrow(next, stored);
    return this.assign(next, key);
  }

  /** The write for which `taken` was taken came to nothing, or was none. */
  revert(key: string, taken: readonly string[]): void {
    this.#ips.revert(key, taken);
  }

  #chooseFamilies(service: Service): void {
    const { spec } = service;
    const asked = (spec.clusterIPs ?? [])
      .filter(text => text !== NONE && text !== "")
      .map(text => familyOf(text));
    const isBare = spec.clusterIPs?.[0] === NONE && !spec.selector;
    const wanted = Math.max(asked.length, spec.ipFamilies?.length ?? 0);
    spec.ipFamilyPolicy ??= isBare || wanted === 2 ? "RequireDualStack" : "SingleStack";
    const isSingle = spec.ipFamilyPolicy === "SingleStack";
    if (isSingle && wanted > 1) {
      throw refused(
        service,
        "ipFamilyPolicy",
        spec.ipFamilyPolicy,
        "must be RequireDualStack or PreferDualStack when multiple values are specified for 'clusterIPs' or 'ipFamilies'",
      );
    }
    if (spec.ipFamilyPolicy === "RequireDualStack" && this.#families.length < 2 && !isBare) {
      throw refused(
        service,
        "ipFamilyPolicy",
        spec.ipFamilyPolicy,
        "this cluster is not configured for dual-stack services",
      );
    }
    const families: Family[] = spec.ipFamilies?.length ? [...spec.ipFamilies] : [...new Set(asked)];
    const more = isBare ? ([...this.#families, "IPv4", "IPv6"] as const) : this.#families;
    for (const family of more) {
      if (families.length < (isSingle ? 1 : 2) && !families.includes(family)) families.push(family);
    }
    for (const [index, family] of families.entries()) {
      if (!isBare && !this.#ranges.has(family))
        throw refused(service, `ipFamilies[${index}]`, family, "not configured on this cluster");
    }
    spec.ipFamilies = families;
  }

  #takeAddresses(service: Service, key: string): string[] {
    const { spec } = service;
    const taken: string[] = [];
    const addresses: string[] = [];
    try {
      for (const [index, family] of spec.ipFamilies!.entries()) {
        const asked = spec.clusterIPs?.[index];
        const address = this.#take(service, this.#ranges.get(family)!, asked, key);
        addresses.push(address);
        taken.push(address);
      }
    } catch (error) {
      this.revert(key, taken);
      throw error;
    }
    spec.clusterIPs = addresses;
    return taken;
  }

  #take(service: Service, range: Cidr, asked: string | undefined, key: string): string {
    if (asked) {
      const why = this.#ips.take(range, asked, key);
      if (why === undefined) return asked;
      throw refused(service, "clusterIPs", service.spec.clusterIPs, `failed to allocate IP ${asked}: ${why}`);
    }
    const address = this.#ips.takeAny(range, key);
    if (address === undefined)
      throw internalError(new Error("failed to allocate a serviceIP: range is full"));
    return address;
  }
}

function familyOf(text: string): Family {
  return parseAddress(text)?.length === 4 ? "IPv4" : "IPv6";
}

/** Down to one family: what the client only sent back of the second goes. */
function narrow({ spec }: Service, { spec: stored }: Service): void {
  if (spec.ipFamilyPolicy !== "SingleStack") return;
  if (jsonEqual(spec.clusterIPs, stored.clusterIPs)) spec.clusterIPs = spec.clusterIPs?.slice(0, 1);
  if (jsonEqual(spec.ipFamilies, stored.ipFamilies)) spec.ipFamilies = spec.ipFamilies?.slice(0, 1);
}

function refused({ metadata }: Service, field: string, value: unknown, why: string) {
  return invalid("", "Service", metadata.name, [fieldInvalid(`spec.${field}`, value, why)]);
}
