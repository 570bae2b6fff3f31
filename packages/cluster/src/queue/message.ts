import { ClusterError } from "../errors.js";
import { type Chunk, isChunk } from "../run/manifest.js";
import { checkRunName, chunkName } from "../run/names.js";

/** The queue of all runs. */
export const QUEUE = "inctrl-chunks";

/** What a job says: the lines of a manifest that are to be scored, never what they hold. */
export interface Message extends Chunk {
  readonly run: string;
  /** The row of its chunk that it begins with, where it is a piece of one that was split. */
  readonly first?: number;
  /** Whether it is split further where it ends its workers. */
  readonly split?: true;
}

/** The name under which a queue holds a message once. */
export const jobId = ({ run, index, first, count }: Message): string =>
  first === undefined ? `${run}.${chunkName(index)}` : `${run}.${chunkName(index)}.${first}-${count}`;

/** A message as it came from a queue. @throws ClusterError `chunk` where it is none of ours. */
export function checkMessage(data: unknown): Message {
  const message = (data ?? {}) as Message;
  const { first = 0, run } = message;
  if (
    typeof run === "string" &&
    checkRunName(run) &&
    isChunk(message) &&
    Number.isSafeInteger(first) &&
    first >= 0
  )
    return message;
  throw new ClusterError("chunk", "a job of the queue names no chunk; another program may write to it");
}

/** Parts that a message is split into. */
const WAYS = 16;

/**
 * Splits a message by the lines that it names.
 *
 * @param lines the bytes of each of its lines, their ends included.
 */
export function splitMessage(message: Message, lines: readonly number[]): Message[] {
  const size = Math.ceil(message.count / WAYS);
  const parts: Message[] = [];
  let { offset } = message;
  for (let at = 0; at < lines.length; at += size) {
    const own = lines.slice(at, at + size);
    const bytes = own.reduce((sum, n) => sum + n, 0);
    const first = (message.first ?? 0) + at;
    parts.push({ ...message, offset, bytes, count: own.length, first, split: true });
    offset += bytes;
  }
  return parts;
}
