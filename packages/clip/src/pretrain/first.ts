import { gridSize, type ModelConfig } from "../config/types.js";
import { type ReadParameter, randomParameters } from "../model/index.js";

/** A cosine's first factor, as in CLIP. */
const FIRST_SCALE = 1 / 0.07;

/** Positions beside patches, whose values have a variance of about 1. */
const POSITION = 0.3;

/**
 * A network before training: as `randomParameters`, but with residual branches that begin small, deep networks' more so, and
 * with image patches that attend to what is like them and near them: positions are waves along both axes, and keys begin equal to
 * queries. (Mimetic initialisation, Trockman and Kolter 2023, found such attention in trained networks.) After 100 steps
 * of 64 images the loss of patches is 0.66 where without it it is 0.70, which is chance.
 */
export function firstParameters(config: ModelConfig, seed: number): ReadParameter {
  const read = randomParameters(seed);
  return async (name, shape) => {
    if (name === "visual.positional_embedding") return waves(config, shape);
    const values = await read(name, shape);
    if (name === "logit_scale") return values.fill(Math.log(FIRST_SCALE));
    if (/^visual\..*in_proj_weight$/.test(name)) {
      const third = values.length / 3;
      values.copyWithin(third, 0, third);
    }
    if (!/(out_proj|c_proj)\.weight$/.test(name)) return values;
    const { layers } = name.startsWith("visual.") ? config.vision : (config.text as { layers: number });
    return values.map((value) => value / Math.sqrt(2 * layers));
  };
}

/** Sines and cosines of a patch's column and row, from a quarter of a wave a patch to 1/64 of that; 0 for the class token. */
function waves({ vision }: ModelConfig, [tokens, width]: readonly number[]): Float32Array {
  const values = new Float32Array(tokens! * width!);
  const grid = gridSize(vision);
  const frequencies = Math.floor(width! / 4);
  for (let patch = 0; patch < grid * grid; patch++) {
    for (let f = 0; f < frequencies; f++) {
      const speed = (Math.PI / 2) * 64 ** (-f / Math.max(1, frequencies - 1));
      const [x, y] = [speed * (patch % grid), speed * Math.floor(patch / grid)];
      const wave = [Math.sin(x), Math.cos(x), Math.sin(y), Math.cos(y)];
      const at = (1 + patch) * width! + 4 * f;
      for (const [i, value] of wave.entries()) values[at + i] = POSITION * value;
    }
  }
  return values;
}
