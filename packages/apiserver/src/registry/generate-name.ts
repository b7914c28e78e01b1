/** `generateName`: the base with a random suffix, in letters that spell no words. */
import { GENERATED_NAME_BASE } from "../limits.ts";
import type { Surroundings } from "./surroundings.ts";

const LETTERS = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH = 5;

export function generatedName(base: string, { random }: Pick<Surroundings, "random">): string {
  let suffix = "";
  while (suffix.length < SUFFIX_LENGTH) suffix += LETTERS[random(LETTERS.length)];
  return base.slice(0, GENERATED_NAME_BASE) + suffix;
}
