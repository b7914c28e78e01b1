/**
 * A batch of nftables messages in the family `inet`: the kernel takes all of them or none, and the packets of another
 * CPU see the state before it or after it.
 */
import { NETLINK_NETFILTER, NetlinkSocket } from "./netlink.ts";
import { NetlinkBuilder, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST } from "./netlink-message.ts";

const NFPROTO_INET = 1;
const SUBSYSTEM = 10;
const BATCH_BEGIN = 16;
const BATCH_END = 17;
const NEW_TABLE = (SUBSYSTEM << 8) | 0;
const DELETE_TABLE = (SUBSYSTEM << 8) | 2;
const NEW_CHAIN = (SUBSYSTEM << 8) | 3;
const NEW_RULE = (SUBSYSTEM << 8) | 6;
const NEW_SET = (SUBSYSTEM << 8) | 9;
const NEW_ELEMENTS = (SUBSYSTEM << 8) | 12;
const DELETE_ELEMENTS = (SUBSYSTEM << 8) | 14;

const NFTA_TABLE_NAME = 1;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_TYPE = 7;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_HOOK_PRIORITY = 2;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_SET_TABLE = 1;
const NFTA_SET_NAME = 2;
const NFTA_SET_FLAGS = 3;
const NFTA_SET_KEY_TYPE = 4;
const NFTA_SET_KEY_LEN = 5;
const NFTA_SET_ID = 10;
const NFTA_ELEMENTS_TABLE = 1;
const NFTA_ELEMENTS_SET = 2;
const NFTA_ELEMENTS_LIST = 3;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_DATA_VALUE = 1;

/** The list of a message is one attribute of at most 64 KiB, of which a key takes 40 bytes at most. */
const ELEMENTS_PER_MESSAGE = 1000;

export const HOOK = { prerouting: 0, output: 3, postrouting: 4 } as const;
export const PRIORITY = { mangle: -150, sourceNat: 100 } as const;

export interface Chain {
  readonly name: string;
  readonly type: "filter" | "nat" | "route";
  readonly hook: number;
  readonly priority: number;
}

/** Fills a transaction and commits it. Throws what the kernel refuses; nothing is changed then. */
export function transact(namespace: number | undefined, fill: (transaction: Transaction) => void): void {
  const socket = new NetlinkSocket(NETLINK_NETFILTER, namespace);
  try {
    const transaction = new Transaction(socket);
    fill(transaction);
    transaction.commit();
  } finally {
    socket.close();
  }
}

export class Transaction {
  readonly #socket: NetlinkSocket;
  readonly #builder = new NetlinkBuilder();
  readonly #objects: string[] = [];
  #sets = 0;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
    this.#builder.message(BATCH_BEGIN, NLM_F_REQUEST, socket.nextSequence());
    this.#generic(0, SUBSYSTEM);
  }

  /** An empty table, whether or not there was one: added, so that it surely exists, deleted and made anew. */
  emptyTable(table: string): void {
    this.deleteTable(table);
    this.#table(NEW_TABLE, table);
  }

  /** No such table, whether or not there was one. */
  deleteTable(table: string): void {
    this.#table(NEW_TABLE, table);
    this.#table(DELETE_TABLE, table);
  }

  chain(table: string, { name, type, hook, priority }: Chain): void {
    this.#begin(NEW_CHAIN, NLM_F_CREATE, `nftables chain inet ${table} ${name}`);
    const builder = this.#builder;
    builder.attributeText(NFTA_CHAIN_TABLE, table).attributeText(NFTA_CHAIN_NAME, name);
    builder.nest(NFTA_CHAIN_HOOK, () => {
      builder.attributeBe32(NFTA_HOOK_HOOKNUM, hook);
      builder.attributeBe32(NFTA_HOOK_PRIORITY, priority);
    });
    builder.attributeText(NFTA_CHAIN_TYPE, type);
  }

  /** `what` names the rule in errors; `expressions` are those of nftables-expression.ts. */
  rule(table: string, chain: string, what: string, expressions: (builder: NetlinkBuilder) => void): void {
    this.#begin(NEW_RULE, NLM_F_CREATE | NLM_F_APPEND, `nftables rule: ${what}`);
    const builder = this.#builder;
    builder.attributeText(NFTA_RULE_TABLE, table).attributeText(NFTA_RULE_CHAIN, chain);
    builder.nest(NFTA_RULE_EXPRESSIONS, () => expressions(builder));
  }

  /** A set of keys of `keyBytes`; `keyType` tells `nft list` how to print them. */
  set(table: string, name: string, keyType: number, keyBytes: number): void {
    this.#begin(NEW_SET, NLM_F_CREATE, `nftables set inet ${table} ${name}`);
    this.#builder.attributeText(NFTA_SET_TABLE, table).attributeText(NFTA_SET_NAME, name);
    this.#builder.attributeBe32(NFTA_SET_FLAGS, 0).attributeBe32(NFTA_SET_KEY_TYPE, keyType);
    this.#builder.attributeBe32(NFTA_SET_KEY_LEN, keyBytes).attributeBe32(NFTA_SET_ID, ++this.#sets);
  }

  /** What is there already is no error. */
  addElements(table: string, set: string, keys: readonly Uint8Array[]): void {
    this.#elements(NEW_ELEMENTS, NLM_F_CREATE, table, set, keys);
  }

  /** What is not there is an error. */
  deleteElements(table: string, set: string, keys: readonly Uint8Array[]): void {
    this.#elements(DELETE_ELEMENTS, 0, table, set, keys);
  }

  commit(): void {
    this.#builder.message(BATCH_END, NLM_F_REQUEST, this.#socket.nextSequence());
    this.#generic(0, SUBSYSTEM);
    this.#socket.transaction(this.#builder, this.#objects);
  }

  #table(type: number, table: string): void {
    this.#begin(type, type === NEW_TABLE ? NLM_F_CREATE : 0, `nftables table inet ${table}`);
    this.#builder.attributeText(NFTA_TABLE_NAME, table);
  }

  #elements(type: number, flags: number, table: string, set: string, keys: readonly Uint8Array[]): void {
    const builder = this.#builder;
    for (let from = 0; from < keys.length; from += ELEMENTS_PER_MESSAGE) {
      this.#begin(type, flags, `elements of the nftables set inet ${table} ${set}`);
      builder.attributeText(NFTA_ELEMENTS_TABLE, table).attributeText(NFTA_ELEMENTS_SET, set);
      builder.nest(NFTA_ELEMENTS_LIST, () => {
        for (const key of keys.slice(from, from + ELEMENTS_PER_MESSAGE)) {
          builder.nest(NFTA_LIST_ELEM, () =>
            builder.nest(NFTA_SET_ELEM_KEY, () => builder.attribute(NFTA_DATA_VALUE, key)),
          );
        }
      });
    }
  }

  #begin(type: number, flags: number, object: string): void {
    this.#builder.message(type, NLM_F_REQUEST | NLM_F_ACK | flags, this.#socket.nextSequence());
    this.#generic(NFPROTO_INET, 0);
    this.#objects.push(object);
  }

  /** `nfgenmsg: u8 family | u8 version | be16 resource` */
  #generic(family: number, resource: number): void {
    this.#builder
      .u8(family)
      .u8(0)
      .u8(resource >> 8)
      .u8(resource);
  }
}
