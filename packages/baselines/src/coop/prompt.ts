import type { Tokenizer } from "@inctrl/clip";
import { BaselineError } from "../errors.js";

/** Where the class name stands: after the context, in its middle, or before it. */
export type NamePosition = "end" | "middle" | "front";

/** A text whose context is learned. */
export interface ContextPrompt {
  /** Start, a placeholder for each context vector, name, full stop and end. */
  readonly ids: readonly number[];
  /** Tokens of the name. */
  readonly nameLength: number;
  /** 0 for a text of normal images, 1 for one of anomalous images. */
  readonly state: 0 | 1;
}

/** What the two texts of a class say before its name. */
const STATES = ["normal", "anomalous"] as const;

/**
 * The two texts of a class: "[context] normal {name}." and "[context] anomalous {name}." `_` in the name stands for a space.
 *
 * @param count context vectors.
 * @throws BaselineError `options` where a text is longer than the text tower reads.
 * @example contextPrompts(tokenizer, "metal_nut", 16, 77)
 */
export function contextPrompts(
  { encode, startOfText, endOfText }: Tokenizer,
  className: string,
  count: number,
  contextLength: number,
): ContextPrompt[] {
  return STATES.map((word, state) => {
    const name = `${word} ${className.replaceAll("_", " ")}`;
    const ids = [startOfText, ...encode(`${"X ".repeat(count)}${name}.`), endOfText];
    if (ids.length > contextLength) {
      throw new BaselineError(
        "options",
        `"${name.slice(0, 100)}" with ${count} context vectors takes ${ids.length} tokens and the text tower reads ${contextLength}; ` +
          "take fewer context vectors or a shorter name",
      );
    }
    return { ids, nameLength: encode(name).length, state: state as 0 | 1 };
  });
}

/**
 * What stands at each place of a text: -1 - i for context vector i, else the place in its ids whose embedding stands there. The end
 * token keeps its place.
 *
 * @param length places of the text, padding included.
 * @example contextOrder({ ids, nameLength: 1 }, 2, "front", 6) // [0, 3, -1, -2, 4, 5]
 */
export function contextOrder(
  { nameLength }: Pick<ContextPrompt, "nameLength">,
  count: number,
  position: NamePosition,
  length: number,
): number[] {
  const first = { end: count, middle: Math.floor(count / 2), front: 0 }[position];
  const context = Array.from({ length: count }, (_, i) => -1 - i);
  const name = Array.from({ length: nameLength }, (_, i) => 1 + count + i);
  const after = 1 + count + nameLength;
  const rest = Array.from({ length: length - after }, (_, i) => after + i);
  return [0, ...context.slice(0, first), ...name, ...context.slice(first), ...rest];
}
