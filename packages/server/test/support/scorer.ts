import { setTimeout } from "node:timers/promises";
import { encodePng } from "@inctrl/datasets";
import { type ImageItem, type ImageScore, judge, type ScoreRecord } from "@inctrl/detect";
import type { Scorer } from "../../src/index.js";

const BOX = { x: 0, y: 0, width: 8, height: 8 };

/** Good parts are as bright as their number: 1 to 100 of 255. */
const GOOD = Array.from({ length: 99 }, (_, i) => (i + 1) / 255);
const LINE = { status: "calibrated", alpha: 0.01, n: 99, threshold: 99 / 255, rank: 1 } as const;

/** A gray picture of 8 x 8 pixels. Above 99 it is NG, from 96 on to be looked at. */
export const picture = (gray: number): Uint8Array =>
  encodePng({ width: 8, height: 8, data: new Uint8Array(192).fill(gray) });

/** Scores pictures by their brightness, without a device. @param delay milliseconds for each. */
export function brightness({ bank = "bank", delay = 0 } = {}): Scorer & { readonly scored: string[] } {
  const scored: string[] = [];
  return {
    scored,
    bank,
    reading: {},
    async *score(images: Iterable<ImageItem>, signal) {
      for (const item of images) {
        if (signal.aborted) return;
        if (delay > 0) await setTimeout(delay);
        try {
          const { data } = await item.load();
          scored.push(item.id);
          // White has no score.
          if (data[0] === 255) yield { image: item.id, error: new Error("no finite score") };
          else yield resultOf(item.id, data[0]);
        } catch (error) {
          yield { image: item.id, error: error as Error };
        }
      }
    },
    record: ({ image, score }) => {
      const { status, alpha, n, threshold } = LINE;
      const judged = judge(score, { line: LINE, scores: GOOD, review: 0.05 });
      return {
        image,
        score,
        ...judged,
        calibration: { status, alpha, n, threshold },
        regions: [],
      } as unknown as ScoreRecord;
    },
  };
}

function resultOf(image: string, gray: number): ImageScore {
  const score = gray / 255;
  const map = { rows: 1, columns: 1, values: Float32Array.of(score) };
  const view = { score, parts: {}, map, matches: null, box: BOX, of: { width: 8, height: 8 } };
  return {
    ...{ image, score, parts: {}, view: 0, views: [view] },
    pixels: { brightness: gray, contrast: 0, sharpness: 0 },
  };
}
