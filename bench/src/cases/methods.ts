import { parseConfig, resolveModel } from "@inctrl/clip";
import { readPlainText } from "@inctrl/tensor/files";
import type { Case } from "../case.js";
import { methodRows } from "../methods.js";
import { drawPictures } from "../pictures.js";
import { figure } from "../report/table.js";
import { findDeit } from "../towers.js";
import { arithmetic, ours } from "./contestants.js";

const SHOTS = 2;
/** Classes of a step of CoOp's training. */
const CLASSES = 15;

export const methods: Case = {
  name: "methods",
  title: `An image file scored by each method, and each fitted to K = ${SHOTS} files, beside the arithmetic; seeded weights but for nano and, where it is there, DeiT-Tiny`,
  async *run(bench) {
    const { images, prompts } = await drawPictures(1);
    const nano = await resolveModel("nano");
    const config = parseConfig(await readPlainText(nano.config as string, 1e6));
    const deit = await findDeit(bench.deit);
    for (const { method, model, set = {}, cost, plain } of methodRows({
      quick: bench.quick,
      deit,
      nano: config,
    })) {
      const task = { method, model, set, image: images[0], prompts: prompts.slice(0, SHOTS) };
      const { image, fit } = cost(SHOTS);
      const told = Object.entries(set).map((pair) => pair.join(" "));
      const name = [method, ...told].join(", ");
      const rows = await bench.compare({
        ...{ case: "methods", size: name, unit: "GFLOP/s" },
        contestants: [
          arithmetic(bench.quick),
          ours("method", { ...task, part: "image" }, { size: `${name}: an image`, work: image / 1e9 }),
          ours("method", { ...task, part: "fit" }, { size: `${name}: a fit`, work: fit / 1e9 }),
        ],
      });
      for (const [i, row] of rows.entries()) {
        if (row.subject !== "ours") continue;
        const work = [image, fit][i - 1];
        yield { ...row, note: [`${figure(work / 1e9)} GFLOP`, ...(plain ? [plain] : [])].join("; ") };
      }
    }
    const step = (whole: boolean) =>
      ours(
        "contextStep",
        { classes: CLASSES, whole },
        { size: `coop: a step, ${whole ? "texts whole" : "context run once"}` },
      );
    const steps = await bench.compare({
      ...{ case: "methods", size: "coop: a step", unit: "GFLOP/s" },
      contestants: [arithmetic(bench.quick), step(false), step(true)],
    });
    yield* steps.filter(({ subject }) => subject === "ours");
  },
};
