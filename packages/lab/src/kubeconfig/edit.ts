/**
 * Changes in the text of somebody's kubeconfig: a lab's entries come or go, all else, comments included, stays as it
 * was. Text in, text out.
 */
import { type Document, isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import { LabError } from "../errors.ts";
import type { KubeconfigEntries } from "./document.ts";

const CURRENT = "current-context";
const LISTS = { clusters: "cluster", contexts: "context", users: "user" } as const;
type ListName = keyof typeof LISTS;

/** `file` names the source in messages. Throws a LabError when the text is no kubeconfig. */
export function withEntries(
  text: string,
  file: string,
  entries: KubeconfigEntries,
  isCurrent: boolean,
): string {
  const document = read(text, file);
  const root = document.contents as YAMLMap;
  for (const [name, value] of [
    ["apiVersion", "v1"],
    ["kind", "Config"],
  ]) {
    if (root.get(name) === undefined) document.set(name, value);
  }
  for (const list of Object.keys(LISTS) as ListName[]) {
    const field = LISTS[list];
    put(document, file, list, { name: entries.name, [field]: entries[field] });
  }
  if (isCurrent) document.set(CURRENT, entries.name);
  return write(document, text);
}

/** Without what `withEntries` added; when that was the current context, `previous` becomes it again, if it is still there. */
export function withoutEntries(text: string, file: string, name: string, previous: string): string {
  const document = read(text, file);
  let isChanged = false;
  for (const list of Object.keys(LISTS) as ListName[]) {
    const items = listOf(document, file, list)?.items ?? [];
    const at = items.findIndex(item => nameOf(item) === name);
    if (at < 0) continue;
    items.splice(at, 1);
    isChanged = true;
  }
  if (document.get(CURRENT) === name) {
    const contexts = listOf(document, file, "contexts")?.items ?? [];
    document.set(CURRENT, contexts.some(item => nameOf(item) === previous) ? previous : "");
    isChanged = true;
  }
  return isChanged ? write(document, text) : text;
}

export function currentContext(text: string, file: string): string {
  const current = read(text, file).get(CURRENT);
  return typeof current === "string" ? current : "";
}

/** Names of the contexts in the file. */
export function contextNames(text: string, file: string): string[] {
  const items = listOf(read(text, file), file, "contexts")?.items ?? [];
  return items.map(nameOf).filter(name => name !== undefined);
}

function read(text: string, file: string): Document {
  const document: Document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw broken(file, error.message.split("\n")[0]!.replace(/:$/, ""));
  if (document.contents === null) document.contents = document.createNode({});
  if (!isMap(document.contents)) throw broken(file, "it is not a map of fields");
  const kind = document.get("kind");
  if (kind !== undefined && kind !== "Config") throw broken(file, `its kind is ${JSON.stringify(kind)}`);
  return document;
}

function broken(file: string, why: string): LabError {
  return new LabError(
    `${file} is no kubeconfig that can be changed (${why}): mend it, or set KUBECONFIG to another file`,
  );
}

/** Undefined when the field is absent or null, as kubectl writes an empty list. */
function listOf(document: Document, file: string, field: ListName): YAMLSeq | undefined {
  const list = document.get(field, true);
  if (isSeq(list)) return list;
  if (document.get(field) === undefined || document.get(field) === null) return undefined;
  throw broken(file, `its field ${field} is no list`);
}

function put(document: Document, file: string, field: ListName, entry: { name: string }): void {
  const node = document.createNode(entry);
  const list = listOf(document, file, field);
  if (list === undefined) {
    document.set(field, document.createNode([entry]));
    return;
  }
  // An empty list is written in brackets; what comes into it is not.
  if (list.items.length === 0) list.flow = false;
  const at = list.items.findIndex(item => nameOf(item) === entry.name);
  if (at < 0) list.add(node);
  else list.items[at] = node;
}

function nameOf(item: unknown): string | undefined {
  const name = isMap(item) ? item.get("name") : undefined;
  return typeof name === "string" ? name : undefined;
}

/** Lists indented as they were: kubectl does not indent them. */
function write(document: Document, before: string): string {
  const isIndented = /^(clusters|contexts|users):\s*\n\s+- /m.test(before);
  return document.toString({ lineWidth: 0, indentSeq: isIndented });
}
