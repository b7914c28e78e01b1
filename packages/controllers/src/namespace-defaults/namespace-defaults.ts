/**
 * What every Namespace has from the start, and has again when somebody deletes it: the ServiceAccount `default`,
 * and the ConfigMap `kube-root-ca.crt`, with which Pods know the API server. Many clients wait for both.
 */
import { kinds, type Namespace } from "@podwire/api";
import type { Informer } from "@podwire/client";
import type { AllObjects } from "../all-objects.ts";
import type { Controller, ControllerContext } from "../context.ts";
import { ensure } from "../ensure.ts";
import { WorkQueue } from "../work-queue.ts";

const CONCURRENCY = 8;
const SERVICE_ACCOUNT = "default";
const ROOT_CA = "kube-root-ca.crt";
const DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/** `rootCa`: the cluster's CA certificate, PEM. Before `objects` is started. */
export function startNamespaceDefaults(
  context: Pick<ControllerContext, "api" | "clock" | "log">,
  namespaces: Informer<Namespace>,
  objects: AllObjects,
  rootCa: string,
): Controller {
  const { api, clock, log } = context;

  const reconcile = async (namespace: string) => {
    const object = namespaces.get({ name: namespace });
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
    const account = { metadata: { namespace, name: SERVICE_ACCOUNT } };
    const annotations = { "kubernetes.io/description": DESCRIPTION };
    const bundle = { metadata: { namespace, name: ROOT_CA, annotations }, data: { "ca.crt": rootCa } };
    await Promise.all([
      ensure(api, kinds.serviceAccounts, account, () => {}),
      ensure(api, kinds.configMaps, bundle, copy => {
        copy.data = bundle.data;
      }),
    ]);
  };

  const queue = new WorkQueue({
    name: "namespace-defaults",
    reconcile,
    clock,
    log,
    concurrency: CONCURRENCY,
  });
  namespaces.onChange(({ key, before, after }) => {
    if (after !== undefined && before?.metadata.uid !== after.metadata.uid) queue.add(key);
  });
  objects.onChange((kind, { before, after }) => {
    const { namespace, name } = (after ?? before!).metadata;
    const isBundle = kind.plural === kinds.configMaps.plural && name === ROOT_CA;
    const isAccount = kind.plural === kinds.serviceAccounts.plural && name === SERVICE_ACCOUNT;
    if ((isBundle && before !== undefined) || (isAccount && after === undefined)) queue.add(namespace!);
  });
  return { stop: () => queue.stop() };
}
