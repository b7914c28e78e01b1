/** Resource records as they are written. What a record's data is shows its type; only bytes and a name need to be told it. */

export interface ResourceRecord {
  /** Text, as name.ts has it. */
  readonly name: string;
  readonly type: number;
  /** Seconds. */
  readonly ttl: number;
  readonly data: RecordData;
}

export type RecordData =
  /** A, AAAA, HINFO, and whatever holds no name. */
  | Uint8Array
  /** CNAME, PTR, NS. */
  | { readonly target: string }
  /** SRV (RFC 2782). */
  | { readonly priority: number; readonly weight: number; readonly port: number; readonly host: string }
  /** TXT of one string, at most 255 characters of ASCII. */
  | { readonly text: string }
  /** SOA (RFC 1035 §3.3.13), times in seconds. */
  | {
      readonly server: string;
      readonly mailbox: string;
      readonly serial: number;
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
    };
