// What an image costs the processor until a network has its pixels: decoded, and then resized by the processor or by the device. Processor time
// counts all threads, those of a software adapter among them.
//
//   npm run -s research -- research/upload/run.ts [--sizes 28,256,1024,2048] [--rounds 9]
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { CLIP_MEAN, CLIP_STD, normalizePixels, normalTable, planResize, prepareImage } from "@inctrl/clip";
import { decodeImage, encodePng } from "@inctrl/datasets";
import { drawProduct } from "@inctrl/synth";
import { bytePlanes, openDevice, packBytes, resizeBytes, scope, tensor } from "@inctrl/tensor";
import { pixelFacts } from "../../packages/detect/src/drift/facts.js";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "28,256,1024,2048" },
    rounds: { type: "string", default: "9" },
  },
});
const config = { size: 240, mean: CLIP_MEAN, std: CLIP_STD };
const device = await openDevice();
const table = tensor(device, normalTable(config), [3, 256]);

/** The steps of one picture, by name. */
async function stepsOf(size: number): Promise<Readonly<Record<string, () => unknown>>> {
  const png = encodePng(drawProduct({ class: "metal", index: 0, size }).image);
  const raster = await decodeImage(png);
  const { windows, channels, alpha } = planResize(raster, config)!;
  const [view] = prepareImage(raster, config);
  const [{ across, down }] = windows;
  const shape = { width: size, height: size, channels, alpha, across, down };
  const done = async (held: Disposable) => {
    using _ = held;
    await device.sync();
  };
  return {
    decode: () => decodeImage(png),
    "wait for the device": () => device.sync(),
    "resize (processor)": () => prepareImage(raster, config),
    "facts for drift (processor)": () => pixelFacts([view]),
    "normalise, upload float32 (processor)": () =>
      done(tensor(device, normalizePixels(view.pixels, config), [1, 3, 240, 240])),
    "upload bytes (device)": () => done(packBytes(device, raster.data)),
    "upload bytes, resize, normalise (device)": () =>
      done(scope(() => bytePlanes(resizeBytes(packBytes(device, raster.data), shape), table))),
  };
}

/** Runs that are measured together: the system counts the time of threads at work in ticks of milliseconds. */
const TOGETHER = 12;

/** Milliseconds of processor time that a step takes. */
async function costOf(step: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < TOGETHER; i++) await step();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / TOGETHER;
}

const rows: object[] = [];
for (const size of values.sizes.split(",").map(Number)) {
  const steps = Object.entries(await stepsOf(size));
  const costs = new Map<string, number[]>(steps.map(([name]) => [name, []]));
  // The first round warms up.
  for (let round = 0; round <= Number(values.rounds); round++)
    for (const [name, step] of steps) {
      const cost = await costOf(step);
      if (round > 0) costs.get(name)?.push(cost);
    }
  for (const [step, all] of costs) {
    all.sort((a, b) => a - b);
    rows.push({ size, step, medianMs: all[all.length >> 1], leastMs: all[0], mostMs: all.at(-1) });
  }
}
table.dispose();
const machine = `${cpus()[0]?.model}, ${cpus().length} cores, ${device.caps.description}, Node ${process.version}`;
process.stdout.write(`${JSON.stringify({ machine, load: loadavg()[0], rows }, null, 2)}\n`);
device.close();
