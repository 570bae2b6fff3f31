import { DetectError } from "../errors.js";
import type { ScoreRecord } from "./record.js";

/** The one kind of region. */
const LABEL = "anomaly";

/** The categories of COCO files. */
export const COCO_CATEGORIES = [{ id: 1, name: LABEL, supercategory: LABEL }] as const;

/** The regions of a result. @throws DetectError `calibration` where there is no line that they could lie above. */
function regionsOf({ image, regions }: ScoreRecord) {
  if (regions) return regions;
  throw new DetectError(
    "calibration",
    `${image}: regions lie above a line, and the bank has none; calibrate it`,
  );
}

/**
 * A result as an image of a COCO file and its annotations: boxes and polygons in pixels from the upper left corner
 * (https://cocodataset.org/#format-data). Numbers of images and annotations begin at 1.
 *
 * @param image its number.
 * @param first number of its first annotation.
 * @throws DetectError `calibration` without a line.
 */
export function cocoImage(record: ScoreRecord, image: number, first: number) {
  const { image: file_name, width, height, score, verdict } = record;
  return {
    image: { id: image, file_name, width, height, score, verdict },
    annotations: regionsOf(record).map(({ box, area, peak, outline }, i) => ({
      ...{ id: first + i, image_id: image, category_id: 1, iscrowd: 0 },
      bbox: [box.x, box.y, box.width, box.height],
      area,
      segmentation: outline,
      score: peak,
    })),
  };
}

/**
 * A result as a task of Label Studio with its regions as predictions, rectangles in percent of the image
 * (https://labelstud.io/guide/predictions). The labelling configuration has an `Image` called `image` and `RectangleLabels` called `label`.
 *
 * @param modelVersion what the predictions are by.
 * @throws DetectError `calibration` without a line.
 */
export function labelStudioTask(record: ScoreRecord, modelVersion: string) {
  const { image, width, height, scaled_score, verdict } = record;
  const percent = (length: number, whole: number) => (100 * length) / whole;
  const result = regionsOf(record).map(({ box, peak }, i) => ({
    ...{ id: `region-${i + 1}`, from_name: "label", to_name: "image", type: "rectanglelabels" },
    ...{ original_width: width, original_height: height, image_rotation: 0 },
    value: {
      ...{ x: percent(box.x, width), y: percent(box.y, height) },
      ...{ width: percent(box.width, width), height: percent(box.height, height) },
      ...{ rotation: 0, rectanglelabels: [LABEL] },
    },
    score: peak,
  }));
  return {
    data: { image, verdict },
    predictions: [{ model_version: modelVersion, score: scaled_score, result }],
  };
}
