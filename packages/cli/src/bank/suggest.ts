import { requireNetwork } from "@inctrl/baselines";
import { count, oneLine, readAs } from "@inctrl/datasets";
import { type Coverage, coverPool, Encoder, fileImage, measureWindow } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { distinctImages } from "../calibrate/images.js";
import type { SuggestOptions } from "../commands/bank.js";
import { withDevice } from "../device.js";
import { describe, EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { loadBackbone, noteWindow } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { fixed, indent } from "../ui/amounts.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";

/** Chooses prompts out of a pool and prints them, with the images that look unlike it. Returns the exit code. */
export async function runSuggest(options: SuggestOptions, signal: AbortSignal): Promise<number> {
  await requireNetwork(options.backbone);
  const paths = (await distinctImages(options.from)).map(({ name }) => name);
  const { coverage, skipped } = await withDevice(options.device, (device) =>
    cover(device, paths, options, signal),
  );
  const { compared, chosen } = coverage;
  if (compared + skipped < paths.length)
    info(
      `compared ${compared + skipped} of ${paths.length} images, evenly spread; --pool and 1 GiB bound them`,
    );
  if (chosen.length < options.shots)
    warn(`only ${count(chosen.length, "image")} can be chosen; the others look unlike them`);
  const document = { pool: paths.length, ...coverage };
  await printResult(options.json, document, textOf(coverage));
  return skipped > 0 ? EXIT.skipped : EXIT.ok;
}

async function cover(device: Device, paths: readonly string[], options: SuggestOptions, signal: AbortSignal) {
  const { shots, pool, fit, symmetries, orientation, maxMegapixels, batch, threads } = options;
  using backbone = await loadBackbone(device, options);
  stopIfAborted(signal);
  const files = paths.map((path) => fileImage(path, { orientation, maxPixels: maxMegapixels * 1e6 }));
  const measured = await measureWindow(files, options.window);
  noteWindow(measured);
  const images = files.map((file) => readAs(file, { window: measured.window }));
  let skipped = 0;
  const coverage = await withProgress({ verb: "comparing", signal }, (onProgress) =>
    coverPool(new Encoder(backbone, { fit, batch, threads, features: false }), images, {
      ...{ shots, most: pool, symmetries, signal, onProgress },
      onSkipped: (_, error) => {
        skipped++;
        warn(`skipped ${describe(error)}`);
      },
    }),
  );
  return { coverage, skipped };
}

function textOf({ compared, alone, chosen, unusual, bound }: Coverage): string {
  const table = alignTable([
    ["image", "takes away", "residual left"],
    ...chosen.map(({ name, share, left }) => [oneLine(name), `${(100 * share).toFixed(1)}%`, fixed(left)]),
  ]);
  const mean = `with one at random the mean residual is ${fixed(alone)}`;
  const first = `Of ${count(compared, "image")} these cover the rest best; ${mean}:\n${indent(table)}`;
  if (unusual.length === 0) return first;
  const rows = unusual.map(({ name, peak }) => [oneLine(name), fixed(peak)]);
  const look = unusual.length === 1 ? "1 image looks" : `${unusual.length} images look`;
  const far = `a largest residual above ${fixed(bound as number)}`;
  return `${first}\n${look} unlike all others, with ${far}:\n${indent(alignTable([["image", "residual"], ...rows]))}`;
}
