import { createHash } from "node:crypto";
import { boundedJson } from "@inctrl/tensor/files";

/** A line of JSON that was read. */
export interface SealedLine {
  readonly entry: unknown;
  /** The state after it, which the next line goes on from. */
  readonly state: string;
  /** False for a line of a version before checksums. */
  readonly sealed: boolean;
}

const SEALED = /^(?<text>\{.*),"sum":"(?<sum>[0-9a-f]{16})"\}$/s;

const after = (state: string, text: string): string =>
  createHash("sha256").update(`${state}\n${text}`).digest("hex").slice(0, 16);

/**
 * A log of JSON lines, each of which ends with a checksum over itself and all lines before it: a line that was changed, left out,
 * moved or added tells. What was written before there were checksums is read too, and the next sealed line vouches for it.
 *
 * @param entry an object with at least one field.
 * @param state that after the line before; empty for the first.
 * @returns the line with its end, and the state after it.
 * @example const { line, state } = sealLine({ step: 1 }, ""); // {"step":1,"sum":"2f3c..."}
 */
export function sealLine(entry: object, state: string): { line: string; state: string } {
  const text = JSON.stringify(entry);
  const sum = after(state, text);
  return { line: `${text.slice(0, -1)},"sum":"${sum}"}\n`, state: sum };
}

/** Reads the sound lines at the start of a log. They end before the first that is not as it was written; a line cut short is none. */
export function* readSealed(text: string): Generator<SealedLine> {
  let [state, any] = ["", false];
  for (const line of text.split("\n").slice(0, -1)) {
    const { text: plain, sum } = SEALED.exec(line)?.groups ?? {};
    const own = plain === undefined ? line : `${plain}}`;
    state = after(state, own);
    // An unsealed line after a sealed one was added by something else.
    if (sum === undefined ? any : sum !== state) return;
    any ||= sum !== undefined;
    try {
      yield { entry: boundedJson(own), state, sealed: any };
    } catch {
      return;
    }
  }
}
