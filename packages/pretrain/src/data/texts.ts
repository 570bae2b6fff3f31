import type { Tokenizer } from "@inctrl/clip";
import { promptTexts } from "@inctrl/detect";
import type { CaptionedBatch } from "./batch.js";

/** The distinct texts of a step, and the texts of each image. */
export interface BatchTexts {
  /** Rows of `contextLength` token ids. */
  readonly ids: Int32Array;
  /** By image: the rows of its caption, and of the flawless and damaged text of its class. */
  readonly caption: Int32Array;
  readonly flawless: Int32Array;
  readonly damaged: Int32Array;
}

/**
 * The captions of a batch, and for each class one pair of InCTRL's prompt ensemble: a normal and an anomalous state in the same
 * template. Each step draws other pairs.
 *
 * @param draw returns a number in [0, 1).
 */
export function batchTexts(
  batch: CaptionedBatch,
  tokenizer: Tokenizer,
  contextLength: number,
  draw: () => number,
): BatchTexts {
  const rows = new Map<string, number>();
  const rowOf = (text: string): number => {
    const known = rows.get(text);
    if (known !== undefined) return known;
    rows.set(text, rows.size);
    return rows.size - 1;
  };
  const caption = Int32Array.from(batch.captions, rowOf);
  const pairs = new Map<string, readonly [flawless: number, damaged: number]>();
  for (const name of batch.classNames) {
    if (pairs.has(name)) continue;
    const [flawless, damaged] = drawPair(name, draw);
    pairs.set(name, [rowOf(flawless), rowOf(damaged)]);
  }
  return {
    ids: tokenizer.tokenize([...rows.keys()], contextLength),
    caption,
    flawless: Int32Array.from(batch.classNames, (name) => pairs.get(name)![0]),
    damaged: Int32Array.from(batch.classNames, (name) => pairs.get(name)![1]),
  };
}

/** Draws a pair. The ensemble lists its states one after the other, each in all templates. */
function drawPair(className: string, draw: () => number): [string, string] {
  const { normal, anomaly } = promptTexts(className);
  const templates = templateCount(normal.length, anomaly.length);
  const template = Math.floor(draw() * templates);
  const state = (texts: string[]) => Math.floor(draw() * (texts.length / templates)) * templates + template;
  return [normal[state(normal)], anomaly[state(anomaly)]];
}

/** The greatest common divisor: 22 templates for 154 normal and 88 anomalous texts. */
const templateCount = (a: number, b: number): number => (b === 0 ? a : templateCount(b, a % b));
