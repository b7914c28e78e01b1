/**
 * Random histories of Services, Pods and custom Endpoints in one namespace, as data that a real cluster and this one can
 * both be put through. Left out is what this one does otherwise on purpose: a Service that loses its selector.
 */
import type { Random } from "@podwire/wire/testing";

export type Step =
  | { readonly do: "create"; readonly kind: StepKind; readonly object: StepObject }
  /** A merge patch. */
  | {
      readonly do: "patch" | "status";
      readonly kind: StepKind;
      readonly name: string;
      readonly patch: object;
    }
  | { readonly do: "delete"; readonly kind: StepKind; readonly name: string; readonly now?: boolean }
  /** Every Service gets a label, so that whoever missed something looks again; then the state is compared. */
  | { readonly do: "compare" };

export type StepKind = "services" | "pods" | "endpoints";
export interface StepObject {
  readonly metadata: { readonly name: string; readonly labels?: object; readonly annotations?: object };
  readonly [field: string]: unknown;
}

/** The Nodes that a history needs, with their zones. */
export const NODES = { "node-1": "east", "node-2": "west", "node-3": "" } as const;

const STEPS_BETWEEN = 12;
const COMPARISONS = 2;

export function randomHistory(random: Random): Step[] {
  const writer = new HistoryWriter(random);
  return Array.from({ length: COMPARISONS }).flatMap(() => [
    ...Array.from({ length: STEPS_BETWEEN }, () => writer.step()),
    { do: "compare" } as const,
  ]);
}

class HistoryWriter {
  readonly #random: Random;
  /** Services by name: whether they have a selector. */
  readonly #services = new Map<string, boolean>();
  readonly #pods = new Set<string>();
  readonly #endpoints = new Set<string>();
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  step(): Step {
    this.#count++;
    const turn = this.#random(12);
    if (turn < 2 || this.#services.size === 0) return this.#service();
    if (turn < 5 || this.#pods.size === 0) return this.#pod();
    if (turn < 8) return this.#podStatus();
    if (turn === 8) return this.#podChange();
    if (turn === 9) return this.#serviceChange();
    return this.#customEndpoints() ?? this.#podStatus();
  }

  #service(): Step {
    const name = this.#one(["a", "b", "c"]);
    if (this.#services.has(name)) {
      if (this.#random(3) > 0) return this.#serviceChange();
      this.#services.delete(name);
      this.#endpoints.delete(name);
      return { do: "delete", kind: "services", name };
    }
    const selector = this.#random(3) > 0 ? this.#selector() : undefined;
    this.#services.set(name, selector !== undefined);
    const isHeadless = this.#random(4) === 0;
    const spec = {
      ...(selector && { selector }),
      ...(isHeadless && { clusterIP: "None" }),
      ...(isHeadless && this.#random(2) === 0 ? {} : { ports: this.#ports() }),
      ...(this.#random(2) === 0
        ? { ipFamilyPolicy: "PreferDualStack" }
        : { ipFamilies: [this.#one(["IPv4", "IPv6"])] }),
      ...(this.#random(4) === 0 && { publishNotReadyAddresses: true }),
      ...(this.#random(3) === 0 && { trafficDistribution: this.#distribution() }),
    };
    return { do: "create", kind: "services", object: { metadata: { name, labels: this.#labels() }, spec } };
  }

  #serviceChange(): Step {
    const name = this.#one([...this.#services.keys()]);
    const turn = this.#random(5);
    const change = (spec: object): Step => ({ do: "patch", kind: "services", name, patch: { spec } });
    if (turn === 0) return change({ publishNotReadyAddresses: this.#random(2) === 0 });
    if (turn === 1)
      return change({ trafficDistribution: this.#random(2) === 0 ? null : this.#distribution() });
    if (turn === 2)
      return { do: "patch", kind: "services", name, patch: { metadata: { labels: this.#labels() } } };
    if (turn === 3) return change({ ports: this.#ports() });
    const selector = this.#selector();
    this.#services.set(name, true);
    this.#endpoints.delete(name);
    return change({ selector: { app: null, tier: null, ...selector } });
  }

  #pod(): Step {
    const name = this.#one(["p1", "p2", "p3", "p4", "p5", "p6"]);
    if (this.#pods.has(name)) {
      const now = this.#random(2) === 0;
      if (now) this.#pods.delete(name);
      return { do: "delete", kind: "pods", name, now };
    }
    this.#pods.add(name);
    const port = (port: string, containerPort: number, protocol = "TCP") => ({
      name: port,
      containerPort,
      protocol,
    });
    const ports = this.#one([
      [port("http", 8080)],
      [port("http", 8081), port("dns", 53, "UDP")],
      [port("dns", 5353, "UDP"), port("web", 80)],
    ]);
    const isNamed = this.#random(3) === 0;
    const spec = {
      nodeName: this.#one(["node-1", "node-2", "node-3", "node-1", "nowhere"]),
      ...(isNamed && { hostname: `host-${name}`, subdomain: this.#one(["a", "b"]) }),
      containers: [{ name: "main", image: "agnhost", ports }],
    };
    return { do: "create", kind: "pods", object: { metadata: { name, labels: this.#podLabels() }, spec } };
  }

  #podStatus(): Step {
    const name = this.#one([...this.#pods]);
    const number = Number(name.slice(1));
    const [v4, v6] = [`10.0.0.${number}`, `fd00::${number}`];
    const podIPs = this.#one([[v4], [v4, v6], [v4, v6], [v6]]).map(ip => ({ ip }));
    const phase = this.#one(["Running", "Running", "Running", "Running", "Running", "Failed"]);
    const conditions = [
      { type: "Ready", status: phase === "Running" ? this.#one(["True", "True", "False"]) : "False" },
    ];
    return {
      do: "status",
      kind: "pods",
      name,
      patch: { status: { phase, podIP: podIPs[0]!.ip, podIPs, conditions } },
    };
  }

  #podChange(): Step {
    const name = this.#one([...this.#pods]);
    const labels = { app: null, tier: null, ...this.#podLabels() };
    return { do: "patch", kind: "pods", name, patch: { metadata: { labels } } };
  }

  #customEndpoints(): Step | undefined {
    const free = [...this.#services].filter(([, hasSelector]) => !hasSelector).map(([name]) => name);
    if (free.length === 0) return undefined;
    const name = this.#one(free);
    const turn = this.#random(5);
    if (!this.#endpoints.has(name)) {
      this.#endpoints.add(name);
      const metadata = { name, labels: this.#labels(), annotations: { note: String(this.#count) } };
      return { do: "create", kind: "endpoints", object: { metadata, subsets: this.#subsets() } };
    }
    if (turn === 0) {
      this.#endpoints.delete(name);
      return { do: "delete", kind: "endpoints", name };
    }
    const skip = this.#one(["true", "false", null]);
    const labels = { ...this.#labels(), "endpointslice.kubernetes.io/skip-mirror": skip };
    if (turn === 1) return { do: "patch", kind: "endpoints", name, patch: { metadata: { labels } } };
    return { do: "patch", kind: "endpoints", name, patch: { subsets: this.#subsets() } };
  }

  #subsets(): object[] {
    const address = () => ({ ip: this.#one(["10.1.0.1", "10.1.0.2", "fd00:1::1", "10.1.0.3", "fd00:1::2"]) });
    const addresses = () => [address(), address()].slice(this.#random(2));
    const port = () => ({ name: this.#one(["x", "y", "z"]), port: 9000 + this.#random(2), protocol: "TCP" });
    const subset = () => ({
      ...(this.#random(3) > 0 ? { addresses: addresses() } : { notReadyAddresses: addresses() }),
      ports: [port()],
    });
    return Array.from({ length: this.#random(4) }, subset);
  }

  #ports(): object[] {
    return this.#one([
      [{ port: 80 }],
      [{ port: 80, targetPort: "http" }],
      [
        { name: "http", port: 80, targetPort: "http", appProtocol: "http" },
        { name: "dns", port: 53, targetPort: "dns", protocol: "UDP" },
      ],
      [
        { name: "sctp", port: 99, protocol: "SCTP", targetPort: 9000 },
        { name: "web", port: 81, targetPort: "web" },
      ],
    ]);
  }

  #selector(): Record<string, string> {
    return this.#one([{ app: "x" }, { app: "y" }, { app: "x", tier: "1" }]);
  }

  #podLabels(): Record<string, string> {
    return this.#one([{ app: "x" }, { app: "x", tier: "1" }, { app: "y" }]);
  }

  #labels(): Record<string, string> {
    return this.#one([{}, { team: "red" }, { team: "blue", "kubernetes.io/service-name": "other" }]);
  }

  #distribution(): string {
    return this.#one(["PreferClose", "PreferSameZone", "PreferSameNode"]);
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#random(of.length)]!;
  }
}
