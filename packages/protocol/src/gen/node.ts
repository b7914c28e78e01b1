// Generated from proto/podwire/v1/node.proto by `npm run generate -w packages/protocol`. Do not edit.
import { MessageType, type OneOf } from "../codec.ts";

export interface FromNode {
  message: OneOf<{
    register: Register;
    heartbeat: Heartbeat;
    podStatus: PodStatus;
    podGone: PodGone;
    event: Event;
  }>;
}
export const FromNode: MessageType<FromNode> = new MessageType("FromNode", [
  { number: 1, name: "register", content: () => Register, oneof: "message" },
  { number: 2, name: "heartbeat", content: () => Heartbeat, oneof: "message" },
  { number: 3, name: "podStatus", content: () => PodStatus, oneof: "message" },
  { number: 4, name: "podGone", content: () => PodGone, oneof: "message" },
  { number: 5, name: "event", content: () => Event, oneof: "message" },
]);

export interface Register {
  name: string;
  labels: Record<string, string>;
  taints: Taint[];
  addresses: string[];
  vtep: Vtep;
  resumeRevision: number;
  nodeInfo: Uint8Array;
  capacity: Uint8Array;
  resumeHistory: string;
}
export const Register: MessageType<Register> = new MessageType("Register", [
  { number: 1, name: "name", content: "string" },
  { number: 2, name: "labels", content: "string", repeats: "map" },
  { number: 3, name: "taints", content: () => Taint, repeats: "list" },
  { number: 4, name: "addresses", content: "string", repeats: "list" },
  { number: 5, name: "vtep", content: () => Vtep },
  { number: 6, name: "resumeRevision", content: "integer" },
  { number: 7, name: "nodeInfo", content: "bytes" },
  { number: 8, name: "capacity", content: "bytes" },
  { number: 9, name: "resumeHistory", content: "string" },
]);

export interface Taint {
  key: string;
  value: string;
  effect: string;
}
export const Taint: MessageType<Taint> = new MessageType("Taint", [
  { number: 1, name: "key", content: "string" },
  { number: 2, name: "value", content: "string" },
  { number: 3, name: "effect", content: "string" },
]);

export interface Vtep {
  mac: Uint8Array;
  udpPort: number;
  vni: number;
  underlayMtu: number;
  remoteChecksumOffload: boolean;
}
export const Vtep: MessageType<Vtep> = new MessageType("Vtep", [
  { number: 1, name: "mac", content: "bytes" },
  { number: 2, name: "udpPort", content: "integer" },
  { number: 3, name: "vni", content: "integer" },
  { number: 4, name: "underlayMtu", content: "integer" },
  { number: 5, name: "remoteChecksumOffload", content: "bool" },
]);

export interface Heartbeat {
  notReady: string;
}
export const Heartbeat: MessageType<Heartbeat> = new MessageType("Heartbeat", [
  { number: 1, name: "notReady", content: "string" },
]);

export interface PodRef {
  namespace: string;
  name: string;
  uid: string;
}
export const PodRef: MessageType<PodRef> = new MessageType("PodRef", [
  { number: 1, name: "namespace", content: "string" },
  { number: 2, name: "name", content: "string" },
  { number: 3, name: "uid", content: "string" },
]);

export interface PodStatus {
  pod: PodRef;
  status: Uint8Array;
  sequence: number;
}
export const PodStatus: MessageType<PodStatus> = new MessageType("PodStatus", [
  { number: 1, name: "pod", content: () => PodRef },
  { number: 2, name: "status", content: "bytes" },
  { number: 3, name: "sequence", content: "integer" },
]);

export interface PodGone {
  pod: PodRef;
}
export const PodGone: MessageType<PodGone> = new MessageType("PodGone", [
  { number: 1, name: "pod", content: () => PodRef },
]);

export interface Event {
  pod: PodRef;
  type: string;
  reason: string;
  message: string;
  component: string;
  fieldPath: string;
  service: ObjectName;
}
export const Event: MessageType<Event> = new MessageType("Event", [
  { number: 1, name: "pod", content: () => PodRef },
  { number: 2, name: "type", content: "string" },
  { number: 3, name: "reason", content: "string" },
  { number: 4, name: "message", content: "string" },
  { number: 5, name: "component", content: "string" },
  { number: 6, name: "fieldPath", content: "string" },
  { number: 7, name: "service", content: () => ObjectName },
]);

export interface ToNodeBatch {
  messages: ToNode[];
}
export const ToNodeBatch: MessageType<ToNodeBatch> = new MessageType("ToNodeBatch", [
  { number: 1, name: "messages", content: () => ToNode, repeats: "list" },
]);

export interface ToNode {
  revision: number;
  message: OneOf<{
    registered: Registered;
    snapshotBegin: SnapshotBegin;
    snapshotEnd: SnapshotEnd;
    peer: Peer;
    peerGone: PeerGone;
    podAddresses: PodAddresses;
    podAddressesGone: PodAddressesGone;
    pod: Uint8Array;
    podDeleted: PodRef;
    bookmark: Bookmark;
    statusStored: StatusStored;
    openStream: OpenStream;
    configMap: Uint8Array;
    secret: Uint8Array;
    configMapGone: ObjectName;
    secretGone: ObjectName;
    service: Service;
    serviceGone: ObjectName;
    endpointSlice: EndpointSlice;
    endpointSliceGone: ObjectName;
    namespace: Namespace;
    namespaceGone: NamespaceGone;
  }>;
}
export const ToNode: MessageType<ToNode> = new MessageType("ToNode", [
  { number: 1, name: "revision", content: "integer" },
  { number: 2, name: "registered", content: () => Registered, oneof: "message" },
  { number: 3, name: "snapshotBegin", content: () => SnapshotBegin, oneof: "message" },
  { number: 4, name: "snapshotEnd", content: () => SnapshotEnd, oneof: "message" },
  { number: 5, name: "peer", content: () => Peer, oneof: "message" },
  { number: 6, name: "peerGone", content: () => PeerGone, oneof: "message" },
  { number: 7, name: "podAddresses", content: () => PodAddresses, oneof: "message" },
  { number: 8, name: "podAddressesGone", content: () => PodAddressesGone, oneof: "message" },
  { number: 9, name: "pod", content: "bytes", oneof: "message" },
  { number: 10, name: "podDeleted", content: () => PodRef, oneof: "message" },
  { number: 11, name: "bookmark", content: () => Bookmark, oneof: "message" },
  { number: 12, name: "statusStored", content: () => StatusStored, oneof: "message" },
  { number: 13, name: "openStream", content: () => OpenStream, oneof: "message" },
  { number: 14, name: "configMap", content: "bytes", oneof: "message" },
  { number: 15, name: "secret", content: "bytes", oneof: "message" },
  { number: 16, name: "configMapGone", content: () => ObjectName, oneof: "message" },
  { number: 17, name: "secretGone", content: () => ObjectName, oneof: "message" },
  { number: 20, name: "service", content: () => Service, oneof: "message" },
  { number: 21, name: "serviceGone", content: () => ObjectName, oneof: "message" },
  { number: 22, name: "endpointSlice", content: () => EndpointSlice, oneof: "message" },
  { number: 23, name: "endpointSliceGone", content: () => ObjectName, oneof: "message" },
  { number: 24, name: "namespace", content: () => Namespace, oneof: "message" },
  { number: 25, name: "namespaceGone", content: () => NamespaceGone, oneof: "message" },
]);

export interface ObjectName {
  namespace: string;
  name: string;
}
export const ObjectName: MessageType<ObjectName> = new MessageType("ObjectName", [
  { number: 1, name: "namespace", content: "string" },
  { number: 2, name: "name", content: "string" },
]);

export interface Registered {
  podCidrs: string[];
  clusterCidrs: string[];
  uid: string;
  history: string;
  serviceCidrs: string[];
}
export const Registered: MessageType<Registered> = new MessageType("Registered", [
  { number: 1, name: "podCidrs", content: "string", repeats: "list" },
  { number: 2, name: "clusterCidrs", content: "string", repeats: "list" },
  { number: 3, name: "uid", content: "string" },
  { number: 4, name: "history", content: "string" },
  { number: 5, name: "serviceCidrs", content: "string", repeats: "list" },
]);

export type SnapshotBegin = Record<string, never>;
export const SnapshotBegin: MessageType<SnapshotBegin> = new MessageType("SnapshotBegin", []);

export type SnapshotEnd = Record<string, never>;
export const SnapshotEnd: MessageType<SnapshotEnd> = new MessageType("SnapshotEnd", []);

export type Bookmark = Record<string, never>;
export const Bookmark: MessageType<Bookmark> = new MessageType("Bookmark", []);

export interface Peer {
  name: string;
  addresses: string[];
  podCidrs: string[];
  vtep: Vtep;
  zone: string;
}
export const Peer: MessageType<Peer> = new MessageType("Peer", [
  { number: 1, name: "name", content: "string" },
  { number: 2, name: "addresses", content: "string", repeats: "list" },
  { number: 3, name: "podCidrs", content: "string", repeats: "list" },
  { number: 4, name: "vtep", content: () => Vtep },
  { number: 5, name: "zone", content: "string" },
]);

export interface PeerGone {
  name: string;
}
export const PeerGone: MessageType<PeerGone> = new MessageType("PeerGone", [
  { number: 1, name: "name", content: "string" },
]);

export interface Namespace {
  name: string;
}
export const Namespace: MessageType<Namespace> = new MessageType("Namespace", [
  { number: 1, name: "name", content: "string" },
]);

export interface NamespaceGone {
  name: string;
}
export const NamespaceGone: MessageType<NamespaceGone> = new MessageType("NamespaceGone", [
  { number: 1, name: "name", content: "string" },
]);

export interface PodAddresses {
  pod: PodRef;
  node: string;
  addresses: string[];
}
export const PodAddresses: MessageType<PodAddresses> = new MessageType("PodAddresses", [
  { number: 1, name: "pod", content: () => PodRef },
  { number: 2, name: "node", content: "string" },
  { number: 3, name: "addresses", content: "string", repeats: "list" },
]);

export interface PodAddressesGone {
  pod: PodRef;
}
export const PodAddressesGone: MessageType<PodAddressesGone> = new MessageType("PodAddressesGone", [
  { number: 1, name: "pod", content: () => PodRef },
]);

export interface Service {
  namespace: string;
  name: string;
  clusterIps: string[];
  ports: ServicePort[];
  externalName: string;
  externalIps: string[];
  loadBalancerIps: string[];
  loadBalancerSourceRanges: string[];
  affinityTimeoutSeconds: number;
  internalTrafficPolicyLocal: boolean;
  externalTrafficPolicyLocal: boolean;
  healthCheckNodePort: number;
}
export const Service: MessageType<Service> = new MessageType("Service", [
  { number: 1, name: "namespace", content: "string" },
  { number: 2, name: "name", content: "string" },
  { number: 3, name: "clusterIps", content: "string", repeats: "list" },
  { number: 4, name: "ports", content: () => ServicePort, repeats: "list" },
  { number: 5, name: "externalName", content: "string" },
  { number: 6, name: "externalIps", content: "string", repeats: "list" },
  { number: 7, name: "loadBalancerIps", content: "string", repeats: "list" },
  { number: 8, name: "loadBalancerSourceRanges", content: "string", repeats: "list" },
  { number: 9, name: "affinityTimeoutSeconds", content: "integer" },
  { number: 10, name: "internalTrafficPolicyLocal", content: "bool" },
  { number: 11, name: "externalTrafficPolicyLocal", content: "bool" },
  { number: 12, name: "healthCheckNodePort", content: "integer" },
]);

export interface ServicePort {
  name: string;
  protocol: string;
  port: number;
  nodePort: number;
}
export const ServicePort: MessageType<ServicePort> = new MessageType("ServicePort", [
  { number: 1, name: "name", content: "string" },
  { number: 2, name: "protocol", content: "string" },
  { number: 3, name: "port", content: "integer" },
  { number: 4, name: "nodePort", content: "integer" },
]);

export interface EndpointSlice {
  namespace: string;
  name: string;
  service: string;
  ports: ServicePort[];
  endpoints: Endpoint[];
}
export const EndpointSlice: MessageType<EndpointSlice> = new MessageType("EndpointSlice", [
  { number: 1, name: "namespace", content: "string" },
  { number: 2, name: "name", content: "string" },
  { number: 3, name: "service", content: "string" },
  { number: 4, name: "ports", content: () => ServicePort, repeats: "list" },
  { number: 5, name: "endpoints", content: () => Endpoint, repeats: "list" },
]);

export interface Endpoint {
  addresses: string[];
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  hostname: string;
  nodeName: string;
  zone: string;
  forZones: string[];
  forNodes: string[];
}
export const Endpoint: MessageType<Endpoint> = new MessageType("Endpoint", [
  { number: 1, name: "addresses", content: "string", repeats: "list" },
  { number: 2, name: "ready", content: "bool" },
  { number: 3, name: "serving", content: "bool" },
  { number: 4, name: "terminating", content: "bool" },
  { number: 5, name: "hostname", content: "string" },
  { number: 6, name: "nodeName", content: "string" },
  { number: 7, name: "zone", content: "string" },
  { number: 8, name: "forZones", content: "string", repeats: "list" },
  { number: 9, name: "forNodes", content: "string", repeats: "list" },
]);

export interface StatusStored {
  pod: PodRef;
  sequence: number;
}
export const StatusStored: MessageType<StatusStored> = new MessageType("StatusStored", [
  { number: 1, name: "pod", content: () => PodRef },
  { number: 2, name: "sequence", content: "integer" },
]);

export interface OpenStream {
  streamId: string;
  pod: PodRef;
  container: string;
  kind: OneOf<{
    exec: Exec;
    logs: Logs;
    attach: AttachTo;
    portForward: PortForward;
  }>;
}
export const OpenStream: MessageType<OpenStream> = new MessageType("OpenStream", [
  { number: 1, name: "streamId", content: "string" },
  { number: 2, name: "pod", content: () => PodRef },
  { number: 3, name: "container", content: "string" },
  { number: 4, name: "exec", content: () => Exec, oneof: "kind" },
  { number: 5, name: "logs", content: () => Logs, oneof: "kind" },
  { number: 6, name: "attach", content: () => AttachTo, oneof: "kind" },
  { number: 7, name: "portForward", content: () => PortForward, oneof: "kind" },
]);

export interface Exec {
  command: string[];
  stdin: boolean;
  tty: boolean;
}
export const Exec: MessageType<Exec> = new MessageType("Exec", [
  { number: 1, name: "command", content: "string", repeats: "list" },
  { number: 2, name: "stdin", content: "bool" },
  { number: 3, name: "tty", content: "bool" },
]);

export interface Logs {
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  tailLines: number;
  sinceTimeMs: number;
  limitBytes: number;
}
export const Logs: MessageType<Logs> = new MessageType("Logs", [
  { number: 1, name: "follow", content: "bool" },
  { number: 2, name: "previous", content: "bool" },
  { number: 3, name: "timestamps", content: "bool" },
  { number: 4, name: "tailLines", content: "integer" },
  { number: 5, name: "sinceTimeMs", content: "integer" },
  { number: 6, name: "limitBytes", content: "integer" },
]);

export interface AttachTo {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}
export const AttachTo: MessageType<AttachTo> = new MessageType("AttachTo", [
  { number: 1, name: "stdin", content: "bool" },
  { number: 2, name: "stdout", content: "bool" },
  { number: 3, name: "stderr", content: "bool" },
]);

export interface PortForward {
  port: number;
  address: string;
}
export const PortForward: MessageType<PortForward> = new MessageType("PortForward", [
  { number: 1, name: "port", content: "integer" },
  { number: 2, name: "address", content: "string" },
]);

export interface Frame {
  streamId: string;
  frame: OneOf<{
    stdin: Uint8Array;
    stdout: Uint8Array;
    stderr: Uint8Array;
    stdinClosed: boolean;
    resize: Resize;
    exit: Exit;
    stdoutClosed: boolean;
  }>;
}
export const Frame: MessageType<Frame> = new MessageType("Frame", [
  { number: 1, name: "streamId", content: "string" },
  { number: 2, name: "stdin", content: "bytes", oneof: "frame" },
  { number: 3, name: "stdout", content: "bytes", oneof: "frame" },
  { number: 4, name: "stderr", content: "bytes", oneof: "frame" },
  { number: 5, name: "stdinClosed", content: "bool", oneof: "frame" },
  { number: 6, name: "resize", content: () => Resize, oneof: "frame" },
  { number: 7, name: "exit", content: () => Exit, oneof: "frame" },
  { number: 8, name: "stdoutClosed", content: "bool", oneof: "frame" },
]);

export interface Resize {
  columns: number;
  rows: number;
}
export const Resize: MessageType<Resize> = new MessageType("Resize", [
  { number: 1, name: "columns", content: "integer" },
  { number: 2, name: "rows", content: "integer" },
]);

export interface Exit {
  code: number;
  message: string;
}
export const Exit: MessageType<Exit> = new MessageType("Exit", [
  { number: 1, name: "code", content: "integer" },
  { number: 2, name: "message", content: "string" },
]);

/** podwire.v1.NodeSync: every method is a stream in both directions. */
export const NodeSync: {
  Sync: { path: string; request: MessageType<FromNode>; response: MessageType<ToNodeBatch> };
  Attach: { path: string; request: MessageType<Frame>; response: MessageType<Frame> };
} = {
  Sync: { path: "/podwire.v1.NodeSync/Sync", request: FromNode, response: ToNodeBatch },
  Attach: { path: "/podwire.v1.NodeSync/Attach", request: Frame, response: Frame },
};
