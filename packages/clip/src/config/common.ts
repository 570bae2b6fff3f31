// What configurations of all kinds have.
import { FieldReader } from "./reader.js";
import { defaultOutBlocks, type ModelConfig } from "./types.js";

// Bounds on untrusted sizes: several times those of the largest published ViT, and small enough that no product overflows.
const MAX_PIXELS = 4096;
export const MAX_WIDTH = 16384;
export const MAX_LAYERS = 256;

/** A square size, written as one number or as two equal ones. */
export function squareSize(fields: FieldReader, key: string, fallback?: number): number {
  const value = fields.raw(key);
  if (!Array.isArray(value)) return fields.size(key, MAX_PIXELS, fallback);
  const [height, width] = value;
  if (value.length !== 2 || height !== width) fields.fail(key, "must be square", value);
  return new FieldReader({ [key]: height }, "config").size(key, MAX_PIXELS);
}

export function mlpWidth(fields: FieldReader, width: number): number {
  return Math.max(1, Math.floor(width * fields.positive("mlp_ratio", 64, 4)));
}

/** Fields of our own: defaults for methods that compare images. */
export function parseCompared(
  fields: FieldReader,
  layers: number,
): Pick<ModelConfig, "outBlocks" | "promptSymmetries"> {
  const blocks = fields.raw("out_blocks") ?? defaultOutBlocks(layers);
  const fits = (block: unknown, i: number, all: unknown[]) =>
    Number.isSafeInteger(block) &&
    Number(block) > (i === 0 ? 0 : Number(all[i - 1])) &&
    Number(block) <= layers;
  if (!Array.isArray(blocks) || blocks.length === 0 || !blocks.every(fits))
    fields.fail("out_blocks", `must be ascending block numbers from 1 to ${layers}`, blocks);
  const symmetries = fields.raw("prompt_turns");
  if (symmetries !== undefined && symmetries !== 1 && symmetries !== 8)
    fields.fail("prompt_turns", "must be 1 or 8", symmetries);
  return { outBlocks: [...blocks], ...(symmetries !== undefined && { promptSymmetries: symmetries }) };
}
