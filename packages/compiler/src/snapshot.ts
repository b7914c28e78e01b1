/**
 * What one node's data plane is compiled from: plain values, gathered by the node daemon from what the control
 * plane told it and from what it made itself (ports). Nothing in here is trusted to be well-formed.
 */
export interface NetworkSnapshot {
  /** Counts up with every snapshot; shown where the data plane says which tables it runs on. */
  readonly revision: number;
  readonly vni: number;
  readonly node: LocalNode;
  /** All pods of the cluster live in these. */
  readonly clusterCIDRs: readonly string[];
  /** All addresses of Services are in these. */
  readonly serviceCIDRs: readonly string[];
  readonly peers: readonly PeerNode[];
  readonly pods: readonly LocalPod[];
}

export interface LocalNode {
  readonly name: string;
  /** status.addresses, InternalIP: where peers send to. The first one's family is preferred for the underlay. */
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
  /** The addresses of pw0, at most one a family. */
  readonly hostAddresses: readonly string[];
  readonly mac: Uint8Array;
  readonly underlayMtu: number;
}

export interface PeerNode {
  /** A small number that stays the node's own for as long as the daemon knows it: `PacketIo.setPeer` has it too. */
  readonly index: number;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly mac: Uint8Array;
  readonly underlayMtu: number;
  readonly remoteChecksumOffload: boolean;
}

export interface LocalPod {
  /** "namespace/name", for reports. */
  readonly name: string;
  /** The port of its TUN device; 0 is pw0's. */
  readonly port: number;
  readonly addresses: readonly string[];
}

/** Something that the tables do not contain although the snapshot names it. */
export interface Omission {
  /** "Node b", "Pod default/web". */
  readonly object: string;
  /** "podCIDRs[1]". */
  readonly field: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

export interface Compiled {
  /** For `new Tables(...)` in the data plane's thread. */
  readonly tables: SharedArrayBuffer;
  /** Where each peer is on the underlay, for `PacketIo.setPeer`. */
  readonly endpoints: readonly { readonly index: number; readonly address: string }[];
  readonly omissions: readonly Omission[];
}
