// How much faster a network is on onnxruntime's processor than on our engine, image by image in turn, and how far scores differ. Processor
// time counts all threads, and says more than the clock where others compute beside it.
//
//   NODE_PATH=bench/node_modules npm run -s research -- research/onnxruntime/run.ts [BACKBONE] [ROUNDS]
import { cpus, loadavg } from "node:os";
import { openNetwork } from "@inctrl/baselines";
import { type Backbone, Encoder, fitImages, scoreImages } from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { onRuntime } from "@inctrl/onnx";
import { openDevice } from "@inctrl/tensor";
import { randomImage } from "@inctrl/testing";

const [source = "untrained:ViT-B-16-plus-240?seed=1", rounds = "5"] = process.argv.slice(2);
const device = await openDevice();
const ours = await openNetwork(device, source);
const theirs = await onRuntime(await openNetwork(device, source), source);

/** Scores one image, with one prompt, and tells its milliseconds by the clock and of the processor. */
async function prepared(backbone: Backbone) {
  const encoder = new Encoder(backbone, { batch: 1, threads: 0, features: false });
  const fitted = await fitImages(residual(encoder), [randomImage(1, 240)]);
  return async (seed: number) => {
    const [started, spent] = [performance.now(), process.cpuUsage()];
    for await (const result of scoreImages(fitted, [randomImage(seed, 240)]))
      if (!("error" in result)) {
        const { user, system } = process.cpuUsage(spent);
        return { score: result.score, ms: performance.now() - started, cpuMs: (user + system) / 1000 };
      }
    throw new Error(`image ${seed} has no score`);
  };
}

const [own, other] = [await prepared(ours), await prepared(theirs)];
type Run = Awaited<ReturnType<typeof own>>;
const runs: { readonly ours: Run; readonly theirs: Run }[] = [];
// The first round warms both up.
for (let round = 0; round <= Number(rounds); round++) {
  const run = { ours: await own(round + 2), theirs: await other(round + 2) };
  if (round > 0) runs.push(run);
}
const ratioOf = (time: "ms" | "cpuMs") => {
  const ratios = runs.map(({ ours, theirs }) => ours[time] / theirs[time]).sort((a, b) => a - b);
  return { median: ratios[Math.floor(ratios.length / 2)], least: ratios[0], most: ratios.at(-1) };
};
const report = {
  ...{ backbone: ours.name, other: theirs.name, adapter: device.caps.description },
  machine: `${cpus()[0]?.model}, ${cpus().length} cores`,
  load: loadavg()[0],
  ...{ ratio: ratioOf("ms"), ratioOfProcessorTime: ratioOf("cpuMs") },
  difference: Math.max(...runs.map(({ ours, theirs }) => Math.abs(ours.score - theirs.score))),
  runs,
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
for (const backbone of [ours, theirs]) backbone.dispose();
device.close();
