import { encodePng } from "@inctrl/datasets";
import { type FittedDetector, memoryImage, scoreImages } from "@inctrl/detect";
import { ServerError } from "../errors.js";

/** A drawn picture: slopes of colour with a bright square, so that no patch is empty. */
function drawnImage(side: number): Uint8Array {
  const data = new Uint8Array(3 * side * side);
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [i % side, Math.floor(i / side)];
    const inside = Math.abs(x - side / 2) < side / 5 && Math.abs(y - side / 2) < side / 5;
    data.set(inside ? [230, 220, 200] : [(255 * x) / side, (255 * y) / side, (x * y) % 256], 3 * i);
  }
  return encodePng({ width: side, height: side, data });
}

const SIDE = 96;

/**
 * Scores a drawn picture alone and in company: both scores must be finite and have the same bits.
 *
 * @throws ServerError `self-test`.
 */
export async function selfTest(fitted: FittedDetector): Promise<void> {
  const image = drawnImage(SIDE);
  const scores: number[] = [];
  for (const copies of [1, 3]) {
    const items = Array.from({ length: copies }, () => memoryImage("self-test", image));
    for await (const result of scoreImages(fitted, items)) {
      if ("error" in result) throw result.error;
      scores.push(result.score);
    }
  }
  if (scores.length !== 4 || !scores.every((score) => Number.isFinite(score) && Object.is(score, scores[0])))
    throw new ServerError(
      "self-test",
      `a drawn picture scores ${scores.join(", ")}, not four times the same; check the driver with inctrl doctor`,
    );
}
