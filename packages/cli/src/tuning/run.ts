import { findConfig } from "@inctrl/clip";
import { towerProducts } from "@inctrl/detect";
import { saveTuning, type TunedProduct, tuneProducts } from "@inctrl/tensor";
import type { TuneOptions } from "../commands/tune.js";
import { adapterName, tileName, tuningPath, withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { info } from "../ui/log.js";

/** Measures, keeps and prints the best tile for each product of a backbone. */
export async function runTune(options: TuneOptions, signal: AbortSignal): Promise<number> {
  const shapes = towerProducts(findConfig(options.config), options.batch, options.shots);
  return withDevice(options.device, async (device) => {
    info(`tuning ${shapes.length} products of ${options.config} on ${adapterName(device.caps)}`);
    const found = await tuneProducts(device, shapes, {
      signal,
      onProduct: ({ shape, candidates }) => info(`${shape.join(" x ")}: ${candidates} tiles measured`),
    });
    const path = await tuningPath(device.caps);
    await saveTuning(device, path);
    const text = `${alignTable([HEADER, ...found.map(row)])}\nkept in ${path}\n`;
    await printResult(options.json, { adapter: adapterName(device.caps), file: path, products: found }, text);
    return signal.aborted ? EXIT.interrupted : EXIT.ok;
  });
}

const HEADER = ["product", "planned", "ms", "best", "ms", "GFLOP/s", "planned / best"];

function row({ shape, planned, plannedMs, best, bestMs }: TunedProduct): string[] {
  const [m, k, n] = shape;
  return [
    shape.join(" x "),
    tileName(planned),
    plannedMs.toFixed(2),
    tileName(best),
    bestMs.toFixed(2),
    ((2 * m * k * n) / bestMs / 1e6).toFixed(1),
    (plannedMs / bestMs).toFixed(2),
  ];
}
