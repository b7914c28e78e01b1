/** Whether bytes are the answer to a question that was asked (RFC 5452 §9). */
import { FLAG, lowerCase, type MessageView, readMessage } from "@podwire/wire/dns";

export interface Answered {
  readonly bytes: Uint8Array;
  readonly view: MessageView;
}

/** Undefined: they are not. `query` is one of our own. */
export function answerTo(query: Uint8Array, bytes: Uint8Array): Answered | undefined {
  const asked = readMessage(query)!;
  const view = readMessage(bytes);
  const isAnswer =
    view !== undefined &&
    view.id === asked.id &&
    (view.flags & FLAG.response) !== 0 &&
    view.type === asked.type &&
    view.class === asked.class &&
    view.questionEnd === asked.questionEnd &&
    lowerCase(view.name) === lowerCase(asked.name);
  return isAnswer ? { bytes, view } : undefined;
}
