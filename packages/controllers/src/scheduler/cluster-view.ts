/** What a scheduling decision sees of the cluster beside the nodes. */
import type { Labels, Pod } from "@podwire/api";

export interface ClusterView {
  /** Pods of a node that have not ended, those just placed included. */
  placed(node: string): readonly Pod[];
  namespaceLabels(namespace: string): Labels | undefined;
}
