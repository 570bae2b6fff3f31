import { throwsCode } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  COCO_CATEGORIES,
  cocoImage,
  labelStudioTask,
  regionsAbove,
  type ScoreRecord,
} from "../../src/index.js";

// Three patches in a corner of an image of 40 x 20 pixels, and one by itself.
const values = Float32Array.from([0.9, 0.8, 0, 0, 0.7, 0, 0, 0.6]);
const regions = regionsAbove(
  { map: { rows: 2, columns: 4, values }, box: { x: 0, y: 0, width: 40, height: 20 } },
  0.5,
);

const record = (image: string, regionsOfIt: ScoreRecord["regions"] = regions): ScoreRecord => ({
  ...{ image, width: 40, height: 20, score: 0.9, residual: 0.9 },
  ...{ image_residual: null, text: null, phi: null, match: null, fit: "squash", window: "full", view: 0 },
  ...{ box: { x: 0, y: 0, width: 40, height: 20 }, patch: { width: 10, height: 10 } },
  ...{ verdict: "NG", p_value: 0.01, scaled_score: 0.8, calibration: null, regions: regionsOfIt },
});

test("COCO: boxes, areas and polygons in pixels, with numbers that lead to their images", () => {
  const { image, annotations } = cocoImage(record("a/b.png"), 3, 11);
  assert.equal(image, { id: 3, file_name: "a/b.png", width: 40, height: 20, score: 0.9, verdict: "NG" });
  const [corner, alone] = annotations;
  assert.equal(
    { ...corner, score: Number(corner.score.toFixed(6)) },
    {
      ...{ id: 11, image_id: 3, category_id: 1, iscrowd: 0, bbox: [0, 0, 20, 20], area: 300, score: 0.9 },
      segmentation: [[0, 0, 20, 0, 20, 10, 10, 10, 10, 20, 0, 20]],
    },
  );
  assert.equal([alone.id, alone.bbox, alone.area], [12, [30, 10, 10, 10], 100]);
  assert.ok(COCO_CATEGORIES.some(({ id }) => id === corner.category_id));
  for (const { bbox, area, segmentation } of annotations) {
    assert.ok(bbox[0] >= 0 && bbox[1] >= 0 && bbox[0] + bbox[2] <= 40 && bbox[1] + bbox[3] <= 20);
    assert.ok(area <= bbox[2] * bbox[3]);
    // At least three points of two coordinates, as pycocotools wants them.
    for (const polygon of segmentation) assert.ok(polygon.length >= 6 && polygon.length % 2 === 0);
  }
});

test("Label Studio: rectangles in percent of the image, as predictions of a model", () => {
  const { data, predictions } = labelStudioTask(record("a/b.png"), "bank 01ab");
  assert.is(data.image, "a/b.png");
  assert.equal(
    [predictions.length, predictions[0].model_version, predictions[0].score],
    [1, "bank 01ab", 0.8],
  );
  const [corner, alone] = predictions[0].result;
  assert.equal(
    [corner.from_name, corner.to_name, corner.type, corner.original_width, corner.original_height],
    ["label", "image", "rectanglelabels", 40, 20],
  );
  assert.equal(corner.value, {
    x: 0,
    y: 0,
    width: 50,
    height: 100,
    rotation: 0,
    rectanglelabels: ["anomaly"],
  });
  assert.equal(alone.value, {
    x: 75,
    y: 50,
    width: 25,
    height: 50,
    rotation: 0,
    rectanglelabels: ["anomaly"],
  });
  assert.is.not(corner.id, alone.id);
});

test("an image without regions has no annotation, and one without a line is refused", async () => {
  assert.equal(cocoImage(record("good.png", []), 1, 1).annotations, []);
  assert.equal(labelStudioTask(record("good.png", []), "m").predictions[0].result, []);
  await throwsCode(
    () => cocoImage(record("x.png", null), 1, 1),
    "calibration",
    /x\.png: regions lie above a line/,
  );
});

test.run();
