import { join } from "node:path";
import { requireNetwork } from "@inctrl/baselines";
import { encodePng, type Skipped, writeFileAtomic } from "@inctrl/datasets";
import {
  chooseQueries,
  Encoder,
  type Figure3Row,
  figure3Page,
  figure3Picture,
  figure3Rows,
} from "@inctrl/detect";
import { skippedText } from "../datasets/open.js";
import { withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { encoderOptions, loadTrained } from "../methods.js";
import { holdFolder } from "../output/folder.js";
import { loadBackbone } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { info, warn } from "../ui/log.js";
import { openSets } from "./data.js";
import { parseEntry } from "./entries.js";
import type { BenchmarkOptions } from "./options.js";
import { fileFor, requireFiles } from "./trained.js";

/** Draws figure 3 of the paper: queries, their prompts and residual maps. Returns the exit code. */
export async function runFigure3(options: BenchmarkOptions, signal: AbortSignal): Promise<number> {
  const { out, images, window, fit, threads, methods: [method] = ["residual"] } = options;
  const [shots] = options.shots;
  const entry = parseEntry(method, options);
  // A named image is shown, however few are measured.
  const sets = await openSets({ ...options, limit: images ? undefined : options.limit });
  await requireFiles([entry], sets);
  const chosen = chooseQueries(sets, images);
  await requireNetwork(entry.backbone);
  await using _ = await holdFolder(out);
  return await withDevice(options.device, async (device) => {
    using backbone = await loadBackbone(device, { ...options, backbone: entry.backbone }, warn);
    const encoder = new Encoder(backbone, encoderOptions(entry, backbone, { fit, threads }));
    let skipped = 0;
    const onSkipped = (file: Skipped) => {
      skipped++;
      warn(`skipped ${skippedText(file)}`);
    };
    const rows: Figure3Row[] = [];
    for (const queries of chosen) {
      using trained =
        (await loadTrained({ ...entry, file: fileFor(entry, queries.dataSet) }, device)) ?? null;
      const detector = entry.method.create(encoder, entry.settings, trained ?? undefined);
      rows.push(...(await figure3Rows(detector, queries, { shots, window, onSkipped, signal })));
      stopIfAborted(signal);
    }
    const title = sets.map(({ name }) => name).join(", ");
    const about = `${entry.label} with ${backbone.name}, K = ${shots}, seed 0`;
    const files = {
      "figure3.html": figure3Page({ title, about, rows }),
      "figure3.png": encodePng(figure3Picture(rows)),
    };
    for (const [file, content] of Object.entries(files)) await writeFileAtomic(join(out, file), content);
    info(`results in ${out}: ${Object.keys(files).join(", ")}`);
    return skipped > 0 || sets.some((set) => set.skipped.length > 0) ? EXIT.skipped : EXIT.ok;
  });
}
