import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Clip,
  type Grid,
  loadClip,
  type ModelConfig,
  openWeights,
  parseConfig,
  prefixTokens,
  resizePositional,
  type Weights,
} from "@inctrl/clip";
import type { ParityCheck } from "@inctrl/detect";
import { type Device, scope, slice, type Tensor } from "@inctrl/tensor";
import { readPlainText } from "@inctrl/tensor/files";
import { type Golden, type Made, openGolden } from "./golden.js";

const FORWARD = ".forward.safetensors";
/** The layouts that the same weights come in. */
const LAYOUTS = ["meta", "timm", "huggingface"];

const POSITIONS = "visual.positional_embedding";

/** Every value of each `MODEL.forward.safetensors` of a folder, with the weights of `MODEL` in each layout that is there. */
export async function dinoChecks(device: Device, folder: string): Promise<ParityCheck[]> {
  const files = readdirSync(folder);
  const checks: ParityCheck[] = [];
  for (const file of files.filter((name) => name.endsWith(FORWARD))) {
    const model = file.slice(0, -FORWARD.length);
    const layouts = LAYOUTS.filter((each) => files.includes(`${model}.${each}.safetensors`));
    const table = await positionTable(folder, model, layouts);
    for (const layout of layouts) {
      const golden = await openGolden(folder, `${model}.forward`);
      try {
        const made = await withDino(folder, model, layout, async (weights, config) => {
          using clip = await loadClip(device, config, weights);
          return { ...(await forward(clip, golden)), ...positions(table, config.vision.width, golden) };
        });
        const found = await golden.compare(made);
        checks.push(...found.map((check) => ({ ...check, name: `${layout}, ${check.name}` })));
      } finally {
        await golden.close();
      }
    }
  }
  return checks;
}

/** Opens the weights of a DINOv2 in a folder. */
export async function withDino<T>(
  folder: string,
  model: string,
  layout: string,
  use: (weights: Weights, config: ModelConfig) => Promise<T>,
): Promise<T> {
  const config = parseConfig(await readPlainText(join(folder, `${model}.json`), 1e6));
  const weights = await openWeights(join(folder, `${model}.${layout}.safetensors`));
  try {
    return await use(weights, config);
  } finally {
    await weights.close();
  }
}

async function forward({ device, vision }: Clip, golden: Golden): Promise<Made> {
  const { layers } = vision.config.vision;
  const prefix = prefixTokens(vision.config.vision);
  const blocks = Array.from({ length: layers }, (_, i) => i + 1);
  const made: Made = {};
  for (const name of golden.names("").filter((each) => each.endsWith(".pixels"))) {
    const grid = name.slice(0, -".pixels".length);
    using pixels = await golden.tensor(device, name);
    const values = scope(() => {
      const { features, taps } = vision.forward(pixels, { taps: blocks });
      const normed = vision.project(taps[layers - 1]);
      const part = (from: number, to: number) => slice(normed, [null, [from, to]]);
      return {
        ...{ embedded: vision.embed(pixels), cls: features, patches: part(prefix, normed.shape[1]) },
        ...(prefix > 1 && { registers: part(1, prefix) }),
        ...Object.fromEntries(blocks.map((block, i) => [`block.${block}`, taps[i]])),
      } as Record<string, Tensor>;
    });
    for (const [value, each] of Object.entries(values)) made[`${grid}.${value}`] = each;
  }
  return made;
}

/** The table of positions with the row of the class token, which not every layout keeps apart from the token. */
async function positionTable(
  folder: string,
  model: string,
  layouts: readonly string[],
): Promise<Float32Array> {
  const tables = layouts.map((layout) =>
    withDino(folder, model, layout, (weights) => weights.readFloat32(POSITIONS)),
  );
  return (await Promise.all(tables)).reduce((most, each) => (each.length > most.length ? each : most));
}

/** The table of positions on other grids. */
function positions(own: Float32Array, width: number, golden: Golden): Made {
  const made: Made = {};
  const from = Math.sqrt(own.length / width - 1);
  for (const name of golden.names("")) {
    const [, rows, columns, rule] = name.match(/^(\d+)x(\d+)\.positions\.(offset|plain|antialias)$/) ?? [];
    if (rule === undefined) continue;
    const to: Grid = { rows: Number(rows), columns: Number(columns) };
    made[name] = resizePositional(own, { from, to, width, rule: rule as "plain" });
  }
  return made;
}
