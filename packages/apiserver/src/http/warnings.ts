/**
 * Warnings as headers (RFC 7234 §5.5: code 299, no agent), within bounds, as upstream's recorder: clients refuse
 * answers whose headers are too large, and the object has been written by then.
 */
import { WARNING_MAX_CHARACTERS, WARNINGS_MAX_CHARACTERS } from "../limits.ts";

/** What no header can carry. Upstream leaves such a warning out. */
const CONTROL = /\p{Cc}/u;

export function warningHeaders(warnings: readonly string[]): { warning?: string[] } {
  const texts = withinBounds([...new Set(warnings)].filter(text => !CONTROL.test(text)));
  return texts.length === 0 ? {} : { warning: texts.map(headerOf) };
}

function withinBounds(texts: readonly string[]): readonly string[] {
  const characters = texts.map(text => [...text]);
  if (characters.reduce((sum, { length }) => sum + length, 0) <= WARNINGS_MAX_CHARACTERS) return texts;
  let written = 0;
  const kept: string[] = [];
  for (const each of characters) {
    if (written >= WARNINGS_MAX_CHARACTERS) break;
    const cut = each.slice(0, WARNING_MAX_CHARACTERS);
    written += cut.length;
    kept.push(cut.join(""));
  }
  return kept;
}

/** UTF-8, as upstream sends it: Node writes a character of a header as one byte. */
function headerOf(text: string): string {
  return Buffer.from(`299 - "${text.replace(/[\\"]/g, "\\$&")}"`).toString("latin1");
}
