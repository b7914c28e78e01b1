/**
 * `podwire get`: objects as a table, JSON, YAML or names; with -w also every change until Ctrl-C. The columns
 * are those of the kind table, so they are the same as the API server's, and for Services what their backends are.
 */
import type { Kind, KubernetesObject, LabelMatcher, Service } from "@podwire/api";
import type { ApiClient, Selection } from "@podwire/client";
import { UsageError } from "../errors.ts";
import { Backends } from "../lab/backends.ts";
import { type Named, namedObjects } from "../lab/objects.ts";
import { clientOf, type LabSelection, labelsOf } from "../lab/select.ts";
import { columnWidths, formatRow, formatTable, type Row } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface GetOptions extends LabSelection {
  readonly namespace: string;
  readonly allNamespaces?: boolean;
  readonly output?: "json" | "yaml" | "wide" | "name";
  readonly selector?: string;
  readonly watch?: boolean;
  /** False with --no-headers. */
  readonly headers: boolean;
}

interface Query extends GetOptions {
  readonly labels: LabelMatcher | undefined;
  /** Where Services are shown in a table. */
  readonly backends: Backends | undefined;
}

export async function runGet(
  first: string,
  names: readonly string[],
  options: GetOptions,
  terminal: Terminal,
): Promise<void> {
  const wanted = await namedObjects(first, names);
  if (options.allNamespaces && wanted.some(({ name }) => name !== undefined)) {
    throw new UsageError("an object's name needs its namespace: leave out --all-namespaces, or the name");
  }
  if (options.watch && (new Set(wanted.map(({ kind }) => kind)).size > 1 || wanted.length > 1)) {
    throw new UsageError("--watch follows one kind, or one object of it");
  }
  const labels = await labelsOf(options.selector);
  const client = await clientOf(options);
  let backends: Backends | undefined;
  try {
    const showsServices = isTable(options) && wanted.some(({ kind }) => isService(kind));
    if (showsServices)
      backends = await Backends.open(client, options.allNamespaces ? undefined : options.namespace);
    const query: Query = { ...options, labels, backends };
    if (options.watch) await watch(client, wanted[0]!, query, terminal);
    else await print(client, wanted, query, terminal);
  } finally {
    backends?.close();
    client.close();
  }
}

function isTable({ output }: GetOptions): boolean {
  return output === undefined || output === "wide";
}

function isService({ group, kind }: Kind): boolean {
  return group === "" && kind === "Service";
}

function selectionFor({ kind, name }: Named, query: Query): Selection {
  return {
    namespace: kind.namespaced && !query.allNamespaces ? query.namespace : undefined,
    labels: query.labels,
    fields: name === undefined ? undefined : [{ field: "metadata.name", operator: "=", value: name }],
  };
}

async function fetchObjects(client: ApiClient, named: Named, options: Query): Promise<KubernetesObject[]> {
  const { kind, name } = named;
  if (name === undefined) return [...(await client.list(kind, selectionFor(named, options))).items];
  return [await client.get(kind, { name, namespace: kind.namespaced ? options.namespace : undefined })];
}

async function print(
  client: ApiClient,
  wanted: readonly Named[],
  options: Query,
  terminal: Terminal,
): Promise<void> {
  const groups = new Map<Kind, KubernetesObject[]>();
  for (const named of wanted) {
    groups.set(named.kind, [
      ...(groups.get(named.kind) ?? []),
      ...(await fetchObjects(client, named, options)),
    ]);
  }
  const single = wanted.length === 1 && wanted[0]!.name !== undefined;
  if (options.output === "json" || options.output === "yaml") {
    const objects = [...groups.values()].flat();
    terminal.stdout.write(await serialize(single ? objects[0] : asList(objects), options.output));
    return;
  }
  const tables = [...groups].filter(([, objects]) => objects.length > 0);
  if (tables.length === 0) {
    const where =
      options.allNamespaces || !wanted[0]!.kind.namespaced ? "" : ` in ${options.namespace} namespace`;
    terminal.stderr.write(`No resources found${where}\n`);
    return;
  }
  const prefixed = groups.size > 1;
  const texts = tables.map(([kind, objects]) => formatObjects(kind, objects, prefixed, options));
  terminal.stdout.write(`${texts.join(options.output === "name" ? "\n" : "\n\n")}\n`);
}

function asList(items: readonly KubernetesObject[]): object {
  return { apiVersion: "v1", kind: "List", metadata: {}, items };
}

async function serialize(value: unknown, format: "json" | "yaml"): Promise<string> {
  if (format === "json") return `${JSON.stringify(value, null, 2)}\n`;
  const { stringify } = await import("yaml");
  return stringify(value, { aliasDuplicateObjects: false });
}

function formatObjects(
  kind: Kind,
  objects: readonly KubernetesObject[],
  prefixed: boolean,
  options: Query,
): string {
  if (options.output === "name") {
    return objects.map(object => `${kind.singular}/${object.metadata.name}`).join("\n");
  }
  const rows = objects.map(object => rowOf(kind, object, options, prefixed));
  return formatTable(options.headers ? headerOf(kind, options) : undefined, rows);
}

/** Backends stand before the age, which people look for at the end. */
function shownColumns(kind: Kind, { output, backends }: Query): Kind["columns"] {
  const beside: Kind<Service>["columns"] = isService(kind) && backends ? backends.columns : [];
  const age = kind.columns.findIndex(({ name }) => name === "Age");
  const at = age < 0 ? kind.columns.length : age;
  const all = [...kind.columns.slice(0, at), ...(beside as Kind["columns"]), ...kind.columns.slice(at)];
  return all.filter(column => output === "wide" || column.priority === 0);
}

function headerOf(kind: Kind, options: Query): Row {
  const names = shownColumns(kind, options).map(column => column.name.toUpperCase());
  return options.allNamespaces && kind.namespaced ? ["NAMESPACE", ...names] : names;
}

function rowOf(kind: Kind, object: KubernetesObject, options: Query, prefixed: boolean): Row {
  const nowMs = Date.now();
  const cells = shownColumns(kind, options).map(column => {
    const text = String(column.cell(object, nowMs));
    return prefixed && column.format === "name" ? `${kind.singular}/${text}` : text;
  });
  return options.allNamespaces && kind.namespaced ? [object.metadata.namespace ?? "", ...cells] : cells;
}

/** What there is, then every change; the columns keep the widths of the first table. */
async function watch(client: ApiClient, named: Named, options: Query, terminal: Terminal): Promise<void> {
  const { kind } = named;
  const selection = selectionFor(named, options);
  const { items, revision } = await client.list(kind, selection);
  const rows = items.map(object => rowOf(kind, object, options, false));
  const widths = columnWidths([headerOf(kind, options), ...rows]);
  const write = async (object: KubernetesObject) => {
    switch (options.output) {
      case "json":
        return terminal.stdout.write(await serialize(object, "json"));
      case "yaml":
        return terminal.stdout.write(`---\n${await serialize(object, "yaml")}`);
      case "name":
        return terminal.stdout.write(`${kind.singular}/${object.metadata.name}\n`);
      default:
        return terminal.stdout.write(`${formatRow(rowOf(kind, object, options, false), widths)}\n`);
    }
  };
  if (isTable(options) && options.headers)
    terminal.stdout.write(`${formatRow(headerOf(kind, options), widths)}\n`);
  const shown = new Map<string, KubernetesObject>();
  const show = async (object: KubernetesObject) => {
    const { namespace, name } = object.metadata;
    shown.set(`${namespace}/${name}`, object);
    await write(object);
  };
  for (const object of items) await show(object);
  options.backends?.onChange(service => {
    const object = shown.get(service);
    if (object !== undefined) void write(object);
  });
  const changes = client.watch(kind, revision, selection);
  for (let events = await changes.next(); events !== undefined; events = await changes.next()) {
    for (const { type, object } of events) {
      await show(object);
      if (type === "DELETED") shown.delete(`${object.metadata.namespace}/${object.metadata.name}`);
    }
  }
}
