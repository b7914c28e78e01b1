/** Bounds of DNS messages and what happens there. */

/** A name on the wire, with its length bytes (RFC 1035 §3.1). Longer: malformed. */
export const MAX_NAME_BYTES = 255;

export const MAX_LABEL_BYTES = 63;

/** Pointers followed in one name. Each must lead backwards, so that it ends anyway; a name has at most 127 labels. */
export const MAX_NAME_POINTERS = 127;

/** Records that a query may carry beside its question: an OPT, and a signature over all of it. More: malformed. */
export const MAX_QUERY_RECORDS = 4;
