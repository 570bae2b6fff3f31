// What it costs the main thread to plan and record the dispatches of a ViT of twelve blocks: checks, shapes, tensors and the choice of kernels
// alone, and the same with Dawn, submitted. Sizes are small, since neither depends on them.
//
//   npm run -s research -- research/upload/planning.ts [--rounds 12]
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseConfig } from "@inctrl/clip";
import { randomBackbone } from "@inctrl/detect";
import { type KernelFamily, openDevice, scope, Tensor } from "@inctrl/tensor";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "12" } } });
const CONFIG = parseConfig({ img_size: 32, patch_size: 16, embed_dim: 16, depth: 12, num_heads: 2 });
/** Batches that are measured together: the system counts a thread's time in ticks of milliseconds. */
const TOGETHER = 100;

/** Milliseconds that the main thread has computed. */
const spent = (): number => Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;

const median = (all: number[]): number => all.sort((a, b) => a - b)[all.length >> 1];

const rows: object[] = [];
for (const family of ["subgroup", "workgroup"] as KernelFamily[]) {
  const device = await openDevice({ family });
  const backbone = await randomBackbone(device, CONFIG, 1);
  for (const batch of [1, 8]) {
    const encode = () =>
      scope(() => {
        const input = Tensor.empty(device, [batch, 3, 32, 32]);
        backbone.encode(input, backbone.defaultTaps);
      });
    const [planned, recorded]: number[][] = [[], []];
    const before = device.stats.dispatches;
    for (let round = 0; round <= Number(values.rounds); round++) {
      let own = 0;
      await device.prepare(() => {
        const began = spent();
        for (let i = 0; i < TOGETHER; i++) encode();
        own = spent() - began;
      });
      let all = 0;
      for (let i = 0; i < TOGETHER; i++) {
        const began = spent();
        encode();
        device.flush();
        all += spent() - began;
        await device.sync();
      }
      // The first round warms up.
      if (round === 0) continue;
      planned.push(own / TOGETHER);
      recorded.push(all / TOGETHER);
    }
    const dispatches = (device.stats.dispatches - before) / ((Number(values.rounds) + 1) * TOGETHER);
    rows.push({ family, batch, dispatches, planMs: median(planned), recordMs: median(recorded) });
  }
  backbone.dispose();
  device.close();
}
process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
