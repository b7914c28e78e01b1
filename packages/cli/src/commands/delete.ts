/** `podwire delete`: by kind and name, by label, or by manifest; waits until the objects are gone. */
import { isReason, type Kind, type KubernetesObject } from "@podwire/api";
import type { ApiClient, ObjectRef } from "@podwire/client";
import { until } from "@podwire/lab";
import { EXIT, ExitWith, sayError, UsageError } from "../errors.ts";
import { namedObjects } from "../lab/objects.ts";
import { clientOf, type LabSelection, labelsOf } from "../lab/select.ts";
import { refOf } from "../manifests/apply.ts";
import { kindOfManifest } from "../manifests/check.ts";
import { readManifests } from "../manifests/read.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface DeleteOptions extends LabSelection {
  readonly namespace: string;
  readonly file?: readonly string[];
  readonly all?: boolean;
  readonly selector?: string;
  readonly gracePeriod?: number;
  readonly ignoreNotFound?: boolean;
  /** False with --no-wait. */
  readonly wait: boolean;
}

interface Doomed {
  readonly kind: Kind;
  readonly ref: ObjectRef;
}

/** Beyond a pod's grace period: how long an object may take to be gone. */
const WAIT_MS = 60_000;

export async function runDelete(
  first: string | undefined,
  names: readonly string[],
  options: DeleteOptions,
  terminal: Terminal,
): Promise<void> {
  if ((first === undefined) === (options.file === undefined)) {
    throw new UsageError("delete takes a kind with names, or -f with manifests");
  }
  const manifests = options.file ? await readManifests(options.file) : [];
  const fromFiles = manifests.map(manifest => {
    const kind = kindOfManifest(manifest);
    return { kind, ref: refOf(kind, manifest.object, options.namespace) };
  });
  const client = await clientOf(options);
  try {
    const doomed = first === undefined ? fromFiles : await doomedByName(client, first, names, options);
    let failed = false;
    for (const object of doomed) {
      if (!(await deleteOne(client, object, options, terminal))) failed = true;
    }
    if (doomed.length === 0) terminal.stderr.write("No resources found\n");
    if (failed) throw new ExitWith(EXIT.failed);
  } finally {
    client.close();
  }
}

async function doomedByName(
  client: ApiClient,
  first: string,
  names: readonly string[],
  options: DeleteOptions,
): Promise<Doomed[]> {
  const doomed: Doomed[] = [];
  for (const { kind, name } of await namedObjects(first, names)) {
    const namespace = kind.namespaced ? options.namespace : undefined;
    if (name !== undefined) {
      doomed.push({ kind, ref: { namespace, name } });
      continue;
    }
    if (!options.all && options.selector === undefined) {
      throw new UsageError(`delete ${kind.plural}: name them, or give --selector or --all`);
    }
    const labels = await labelsOf(options.selector);
    const { items } = await client.list(kind, { namespace, labels });
    doomed.push(...items.map(({ metadata }) => ({ kind, ref: { namespace, name: metadata.name } })));
  }
  return doomed;
}

/** False when it failed; the reason was said. */
async function deleteOne(
  client: ApiClient,
  { kind, ref }: Doomed,
  options: DeleteOptions,
  terminal: Terminal,
): Promise<boolean> {
  try {
    const { metadata } = await client.get(kind, ref);
    await client.delete(kind, ref, { gracePeriodSeconds: options.gracePeriod, uid: metadata.uid });
    terminal.stdout.write(`${kind.singular} "${ref.name}" deleted\n`);
    if (options.wait) await gone(client, kind, ref, metadata.uid);
    return true;
  } catch (error) {
    if (options.ignoreNotFound && isReason(error, "NotFound")) return true;
    sayError(terminal, error);
    return false;
  }
}

function gone(client: ApiClient, kind: Kind, ref: ObjectRef, uid: string): Promise<true> {
  const isThere = (objects: readonly KubernetesObject[]) =>
    objects.some(({ metadata }) => metadata.uid === uid);
  return until(
    client,
    kind,
    { namespace: ref.namespace },
    objects => (isThere(objects) ? undefined : true),
    () => `${kind.singular} ${ref.name} is still there: it is marked for deletion`,
    { timeoutMs: WAIT_MS },
  );
}
