/**
 * Which addresses this node announces: each is claimed by one of its candidates, as VRRP elects routers (RFC 9568), but
 * with an order of its own for every address, so that addresses spread over nodes.
 *
 *   another claims it that comes before this node      -> not claimed, or let go of
 *   only others claim it that come after this node     -> claimed: they hear it and let go
 *   nobody claims it                                   -> claimed when it is this node's turn: first at once, the next
 *                                                         a moment later, and so on, unless one before it does meanwhile
 *
 * Who is dead does not claim; who was silent for `silenceMs` does not either. Nodes that are cut off from the control
 * plane come after all others: they may not know of the latest changes. Pure: time comes in.
 */
import { LIMITS } from "./limits.ts";

export interface Candidacy {
  readonly address: string;
  /** Names of nodes that may announce it, this one among them. */
  readonly candidates: readonly string[];
}

/** What a node says in one frame: part `part` of `parts` of its claims. */
export interface Beat {
  readonly node: string;
  /** False: it is cut off from the control plane. */
  readonly isFresh: boolean;
  readonly part: number;
  readonly parts: number;
  readonly claims: readonly string[];
}

export interface Decision {
  readonly claimed: readonly string[];
  readonly released: readonly string[];
  /** When to decide anew unless something happens before; Infinity: never. */
  readonly againMs: number;
}

interface Rival {
  isFresh: boolean;
  heardMs: number;
  readonly parts: Map<number, ReadonlySet<string>>;
}

export class Claims {
  isFresh = true;
  readonly #self: string;
  readonly #rivals = new Map<string, Rival>();
  readonly #claimed = new Set<string>();
  /** Since when nobody has claimed an address, as far as this node knows. */
  readonly #vacantMs = new Map<string, number>();
  #wanted = new Map<string, { readonly turn: number }>();
  /** Addresses of this node that others claimed meanwhile: clients may have believed them. */
  readonly #disputed = new Set<string>();
  readonly #listenUntilMs: number;

  constructor(self: string, nowMs: number) {
    this.#self = self;
    this.#listenUntilMs = nowMs + LIMITS.listenMs;
  }

  get claimed(): ReadonlySet<string> {
    return this.#claimed;
  }

  want(wanted: readonly Candidacy[]): void {
    this.#wanted = new Map(
      wanted.map(({ address, candidates }) => {
        const own = rank(address, this.#self);
        const before = candidates.filter(
          node => node !== this.#self && isBefore(rank(address, node), node, own, this.#self),
        );
        return [address, { turn: Math.min(before.length, LIMITS.turns) }];
      }),
    );
  }

  heard({ node, isFresh, part, parts, claims }: Beat, nowMs: number): void {
    if (node === this.#self) return;
    const rival = this.#rivals.get(node) ?? { isFresh, heardMs: nowMs, parts: new Map() };
    rival.isFresh = isFresh;
    rival.heardMs = nowMs;
    rival.parts.set(part, new Set(claims));
    for (const known of rival.parts.keys()) if (known >= parts) rival.parts.delete(known);
    this.#rivals.set(node, rival);
    for (const address of claims) if (this.#claimed.has(address)) this.#disputed.add(address);
  }

  /** Addresses of this node that others claimed since the last call. */
  takeDisputed(): string[] {
    const disputed = [...this.#disputed].filter(address => this.#claimed.has(address));
    this.#disputed.clear();
    return disputed;
  }

  decide(nowMs: number): Decision {
    for (const [node, { heardMs }] of this.#rivals) {
      if (heardMs + LIMITS.silenceMs <= nowMs) this.#rivals.delete(node);
    }
    const before = new Set(this.#claimed);
    let againMs = Math.min(
      Infinity,
      ...[...this.#rivals.values()].map(({ heardMs }) => heardMs + LIMITS.silenceMs),
    );
    for (const address of this.#claimed) if (!this.#wanted.has(address)) this.#claimed.delete(address);
    for (const address of this.#vacantMs.keys())
      if (!this.#wanted.has(address)) this.#vacantMs.delete(address);
    for (const [address, { turn }] of this.#wanted) {
      const dueMs = this.#dueMs(address, turn, nowMs);
      if (dueMs <= nowMs) this.#claimed.add(address);
      else {
        this.#claimed.delete(address);
        againMs = Math.min(againMs, dueMs);
      }
    }
    return {
      claimed: [...this.#claimed].filter(address => !before.has(address)),
      released: [...before].filter(address => !this.#claimed.has(address)),
      againMs,
    };
  }

  /** When this node may claim the address; Infinity as long as one does that comes before it. */
  #dueMs(address: string, turn: number, nowMs: number): number {
    const rivals = [...this.#rivals].filter(([, { parts }]) =>
      [...parts.values()].some(part => part.has(address)),
    );
    if (rivals.some(([node, { isFresh }]) => this.#yieldsTo(address, node, isFresh))) {
      this.#vacantMs.delete(address);
      return Infinity;
    }
    if (this.#claimed.has(address)) return nowMs;
    if (rivals.length > 0) return this.#listenUntilMs;
    const vacantMs = this.#vacantMs.get(address) ?? nowMs;
    this.#vacantMs.set(address, vacantMs);
    return Math.max(vacantMs, this.#listenUntilMs) + turn * LIMITS.turnMs;
  }

  #yieldsTo(address: string, node: string, isFresh: boolean): boolean {
    if (isFresh !== this.isFresh) return isFresh;
    return isBefore(rank(address, node), node, rank(address, this.#self), this.#self);
  }
}

function isBefore(rankOfOne: number, one: string, rankOfOther: number, other: string): boolean {
  return rankOfOne === rankOfOther ? one < other : rankOfOne > rankOfOther;
}

/** FNV-1a of address and node, mixed: every address has an order of nodes of its own. */
function rank(address: string, node: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${address} ${node}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
