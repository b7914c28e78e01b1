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
  /** What was heard last of each part. */
  readonly beats: Map<number, Beat>;
}

interface Wish {
  /** How many candidates come before this node. */
  readonly turn: number;
  /** By name, whether a node comes before this one. Filled as they are met. */
  readonly before: Map<string, boolean>;
}

export class Claims {
  #isFresh = true;
  readonly #self: string;
  readonly #rivals = new Map<string, Rival>();
  readonly #claimed = new Set<string>();
  /** Since when nobody has claimed an address, as far as this node knows. */
  readonly #vacantMs = new Map<string, number>();
  #wanted = new Map<string, Wish>();
  /** Something was heard or told since the last decision. */
  #isStale = true;
  /** When this node's turn comes for the next of the addresses that nobody has. */
  #turnMs = Infinity;
  /** Addresses of this node that others claimed meanwhile: clients may have believed them. */
  readonly #disputed = new Set<string>();
  readonly #listenUntilMs: number;

  constructor(self: string, nowMs: number) {
    this.#self = self;
    this.#listenUntilMs = nowMs + LIMITS.listenMs;
  }

  /** False: this node is cut off from the control plane. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  set isFresh(isFresh: boolean) {
    this.#isFresh = isFresh;
    this.#isStale = true;
  }

  get claimed(): ReadonlySet<string> {
    return this.#claimed;
  }

  want(wanted: readonly Candidacy[]): void {
    this.#isStale = true;
    this.#wanted = new Map(
      wanted.map(({ address, candidates }) => {
        const before = new Map(candidates.map(node => [node, isBefore(address, node, this.#self)]));
        const turn = [...before.values()].filter(Boolean).length;
        return [address, { turn: Math.min(turn, LIMITS.turns), before }];
      }),
    );
  }

  /** A beat that is the same object as the one before it says nothing new. */
  heard(beat: Beat, nowMs: number): void {
    const { node, isFresh, part, parts, claims } = beat;
    if (node === this.#self) return;
    for (const address of claims) if (this.#claimed.has(address)) this.#disputed.add(address);
    let rival = this.#rivals.get(node);
    if (rival === undefined) {
      if (this.#rivals.size >= LIMITS.rivals) return;
      rival = { isFresh, heardMs: nowMs, parts: new Map(), beats: new Map() };
      this.#rivals.set(node, rival);
    }
    rival.heardMs = nowMs;
    if (rival.beats.get(part) === beat) return;
    this.#isStale = true;
    rival.isFresh = isFresh;
    rival.beats.set(part, beat);
    rival.parts.set(part, new Set(claims));
    for (const each of rival.parts.keys()) {
      if (each < parts) continue;
      rival.parts.delete(each);
      rival.beats.delete(each);
    }
  }

  /** Addresses of this node that others claimed since the last call. */
  takeDisputed(): string[] {
    const disputed = [...this.#disputed].filter(address => this.#claimed.has(address));
    this.#disputed.clear();
    return disputed;
  }

  decide(nowMs: number): Decision {
    for (const [node, { heardMs }] of this.#rivals) {
      if (heardMs + LIMITS.silenceMs <= nowMs) this.#isStale = this.#rivals.delete(node);
    }
    const changes = this.#isStale || this.#turnMs <= nowMs ? this.#decideAll(nowMs) : NO_CHANGES;
    const silent = [...this.#rivals.values()].map(({ heardMs }) => heardMs + LIMITS.silenceMs);
    return { ...changes, againMs: Math.min(this.#turnMs, ...silent) };
  }

  #decideAll(nowMs: number): Omit<Decision, "againMs"> {
    const before = new Set(this.#claimed);
    this.#isStale = false;
    this.#turnMs = Infinity;
    for (const address of this.#claimed) if (!this.#wanted.has(address)) this.#claimed.delete(address);
    for (const address of this.#vacantMs.keys())
      if (!this.#wanted.has(address)) this.#vacantMs.delete(address);
    for (const [address, wish] of this.#wanted) {
      const dueMs = this.#dueMs(address, wish, nowMs);
      if (dueMs <= nowMs) this.#claimed.add(address);
      else {
        this.#claimed.delete(address);
        this.#turnMs = Math.min(this.#turnMs, dueMs);
      }
    }
    return {
      claimed: [...this.#claimed].filter(address => !before.has(address)),
      released: [...before].filter(address => !this.#claimed.has(address)),
    };
  }

  /** When this node may claim the address; Infinity as long as one does that comes before it. */
  #dueMs(address: string, wish: Wish, nowMs: number): number {
    let hasRivals = false;
    for (const [node, { parts, isFresh }] of this.#rivals) {
      if (![...parts.values()].some(part => part.has(address))) continue;
      hasRivals = true;
      if (!this.#yieldsTo(address, wish, node, isFresh)) continue;
      this.#vacantMs.delete(address);
      return Infinity;
    }
    if (this.#claimed.has(address)) return nowMs;
    if (hasRivals) return this.#listenUntilMs;
    const vacantMs = this.#vacantMs.get(address) ?? nowMs;
    this.#vacantMs.set(address, vacantMs);
    return Math.max(vacantMs, this.#listenUntilMs) + wish.turn * LIMITS.turnMs;
  }

  #yieldsTo(address: string, { before }: Wish, node: string, isFresh: boolean): boolean {
    if (isFresh !== this.#isFresh) return isFresh;
    const known = before.get(node) ?? isBefore(address, node, this.#self);
    before.set(node, known);
    return known;
  }
}

const NO_CHANGES = { claimed: [], released: [] } as const;

/** Whether `one` comes before `other` for the address. */
function isBefore(address: string, one: string, other: string): boolean {
  const [rankOfOne, rankOfOther] = [rank(address, one), rank(address, other)];
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
