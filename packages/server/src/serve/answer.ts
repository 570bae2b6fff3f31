import { doubtText, recordJson, type ScoreRecord, scoreRecord } from "@inctrl/detect";
import type { Scored } from "./batcher.js";
import type { Product } from "./product.js";
import type { PartAnswer } from "./schemas.js";

/** What an answer says of a picture, besides what it is of. */
export type Told = Omit<PartAnswer, "product" | "part" | "sha256" | "ids" | "time" | "review">;

const rounded = (ms: number): number => Math.round(ms * 10) / 10;

/** A result as `inctrl score` tells it: the same fields, with the same digits. */
export function answerOf({ result, queueMs, scoreMs }: Scored, { fitted, judge }: Product): Told {
  const record: ScoreRecord = JSON.parse(recordJson(scoreRecord(result, fitted, judge)));
  const { image: _, ...told } = record;
  const note = judge
    ? doubtText(judge.line, judge.tried ?? null)
    : "this bank has no line: a score alone is no decision";
  return {
    ...(told as Omit<Told, "error" | "note" | "took_ms">),
    ...{ error: null, note, took_ms: { queue: rounded(queueMs), score: rounded(scoreMs) } },
  };
}

/** The answer for a picture that could not be told. */
export const untold = (code: string, message: string): Told => ({
  ...{ verdict: "ERROR", p_value: null, scaled_score: null, score: null, residual: null },
  ...{ image_residual: null, text: null, phi: null, regions: null, match: null, calibration: null },
  ...{
    width: null,
    height: null,
    patch: null,
    fit: null,
    window: null,
    view: null,
    box: null,
    error: { code, message },
    note: null,
  },
  took_ms: { queue: 0, score: 0 },
});
