/**
 * Finds the highest rate at which a path loses less than LOSS_LIMIT of its datagrams: doubling until it
 * loses too much or the sender cannot go faster, then halving the gap between the best good rate and the
 * least bad one. A rate must lose twice to be bad: one hiccup of the machine must not end the search. What
 * is reported is what was delivered, not what was asked for.
 */
import { FIRST_RATE, LOSS_LIMIT, MOST_RATE, REFINING_STEPS } from "./limits.ts";

export interface Probe {
  readonly sent: number;
  readonly delivered: number;
  readonly seconds: number;
}

export interface SearchResult {
  readonly packetsPerSecond: number;
  readonly loss: number;
}

/** A sender below this share of the rate it was asked for has found its own limit, not the path's. */
const KEPT_PACE = 0.9;

export function lossOf(probe: Probe): number {
  return probe.sent === 0 ? 1 : Math.max(0, 1 - probe.delivered / probe.sent);
}

function rateOf(probe: Probe): number {
  return probe.delivered / probe.seconds;
}

/**
 * `probeAt(rate)` sends at `rate` datagrams a second for a while and says what became of them. When even the
 * first rate loses too much, the search goes down by halves instead, and reports 0 below one datagram.
 */
export async function searchRate(
  probeAt: (packetsPerSecond: number) => Probe | Promise<Probe>,
): Promise<SearchResult> {
  let best: Probe | null = null;
  let good = 0;
  let bad = MOST_RATE;
  const judge = async (rate: number): Promise<"good" | "bad" | "sender-bound"> => {
    let probe = await probeAt(rate);
    if (lossOf(probe) >= LOSS_LIMIT) probe = await probeAt(rate);
    if (lossOf(probe) >= LOSS_LIMIT) {
      bad = Math.min(bad, rate);
      return "bad";
    }
    if (best === null || rateOf(probe) > rateOf(best)) best = probe;
    good = Math.max(good, rate);
    return probe.sent / probe.seconds < rate * KEPT_PACE ? "sender-bound" : "good";
  };

  let rate = FIRST_RATE;
  let verdict = await judge(rate);
  while (verdict === "good" && rate < MOST_RATE) {
    rate *= 2;
    verdict = await judge(rate);
  }
  while (good === 0 && rate >= 2) {
    rate /= 2;
    await judge(rate);
  }
  for (let step = 0; verdict === "bad" && step < REFINING_STEPS; step += 1) await judge((good + bad) / 2);
  return best === null
    ? { packetsPerSecond: 0, loss: 1 }
    : { packetsPerSecond: rateOf(best), loss: lossOf(best) };
}
