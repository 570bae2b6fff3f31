import { findConfig } from "@inctrl/clip";
import type { Case } from "../case.js";
import { towerOperations, windowOperations } from "../towers.js";
import { arithmetic, ours } from "./contestants.js";

const MODEL = "ViT-B-16-plus-240";
const QUICK = "vit_tiny_patch16_224";

export const windows: Case = {
  name: "windows",
  title:
    "WinCLIP's windows of one image as batches of short sequences, the image's own pass included, beside one pass alone; seeded weights",
  async *run(bench) {
    const model = bench.quick ? QUICK : MODEL;
    const config = findConfig(model);
    const pass = towerOperations(config);
    const work = (pass + windowOperations(config)) / 1e9;
    const rows = await bench.compare({
      ...{ case: "windows", size: model, unit: "GFLOP/s" },
      contestants: [
        arithmetic(bench.quick),
        ours("windows", { model }, { work }),
        ours(
          "resizedTower",
          { model, imageSize: config.vision.imageSize },
          { subject: "one pass", work: pass / 1e9 },
        ),
      ],
    });
    const time = (subject: string) => rows.find((row) => row.subject === subject)?.medianMs ?? Number.NaN;
    const passes = (time("ours") / time("one pass")).toFixed(1);
    const note = `${passes} passes; ${((1e9 * work) / pass).toFixed(1)} by the arithmetic`;
    for (const row of rows) yield row.subject === "ours" ? { ...row, note } : row;
  },
};
