import { findResNet, type ResNetConfig, widthOf } from "@inctrl/baselines";
import { findConfig, gridSize, type ModelConfig } from "@inctrl/clip";
import { RESNET_SIDE, resnetOperations } from "./resnets.js";
import { towerOperations, windowOperations } from "./towers.js";

/** Operations of an image, and of a fit to K prompts, a multiply-add counting as two. */
export interface MethodCost {
  readonly image: number;
  readonly fit: number;
}

/** A method on a network: how it is set, and what it costs. */
export interface MethodRow {
  readonly method: string;
  /** As `openNetwork` takes it; `regad` is RegAD's network. */
  readonly model: string;
  readonly set?: Readonly<Record<string, unknown>>;
  cost(shots: number): MethodCost;
  /** What the same would cost the plain way. */
  readonly plain?: string;
}

/** Positions and channels of the first layers at 224 pixels. */
const layersOf = (config: ResNetConfig, layers: readonly number[]) =>
  layers.map((layer) => ({
    patches: (RESNET_SIDE / 2 ** (layer + 1)) ** 2,
    width: widthOf(config, layer),
  }));

/** Each patch's products with all of K images. */
const searchOf = (parts: readonly { patches: number; width: number }[], images: number): number =>
  parts.reduce((sum, { patches, width }) => sum + 2 * patches * images * patches * width, 0);

/** Distances of all positions by n contrasts of d values, and what fits them: Gram matrices. */
const gaussianCost = (positions: number, d: number, n: number) => ({
  distance: 4 * positions * d * n,
  gram: 2 * positions * d * n * n,
});

/** Methods on ResNets of a name. */
export function cnnRows(model: string): MethodRow[] {
  const config = findResNet(model)!;
  const whole = resnetOperations(config);
  const part = resnetOperations(config, 3);
  const [first, second] = layersOf(config, [1, 2]);
  const values = layersOf(config, [1, 2, 3]).reduce((sum, { width }) => sum + width, 0);
  const d = values === 448 ? 100 : 550;
  const source = `untrained:${model}`;
  /** PatchCore's rows have 1024 values, and are chosen in 128. */
  const bank = { patches: second.patches, width: 1024 };
  return [
    {
      ...{ method: "spade", model: source },
      cost: (shots) => ({
        image: whole + searchOf(layersOf(config, [1, 2, 3]), Math.min(5, shots)),
        fit: shots * whole,
      }),
    },
    {
      ...{ method: "padim", model: source },
      cost(shots) {
        const { distance, gram } = gaussianCost(first.patches, d, shots - 1);
        return { image: part + distance, fit: shots * part + gram };
      },
      plain: `inverses of a position each: ${((first.patches * 2 * d ** 3) / 1e12).toFixed(2)} TFLOP a fit`,
    },
    {
      ...{ method: "patchcore", model: source },
      cost: (shots) => ({ image: part + searchOf([bank], shots), fit: shots * part }),
    },
    {
      ...{ method: "patchcore", model: source, set: { coreset: 0.1 } },
      cost(shots) {
        const rows = shots * bank.patches;
        const chosen = Math.floor(0.1 * rows);
        const choice = 2 * rows * 128 * (bank.width + chosen);
        return { image: part + searchOf([bank], shots) * (chosen / rows), fit: shots * part + choice };
      },
    },
  ];
}

/** RegAD: 22 variants of each prompt. */
export const regadRow: MethodRow = {
  ...{ method: "regad", model: "regad" },
  cost(shots) {
    const trunk = findResNet("resnet18")!;
    const [{ patches }] = layersOf(trunk, [1]);
    const pass = resnetOperations(trunk, 3) + TRANSFORMERS;
    const { distance, gram } = gaussianCost(patches, 448, 22 * shots - 1);
    return { image: pass + distance, fit: 22 * shots * pass + gram };
  },
};

/** Convolutions of the three transformers: 3 x 3 to 64 channels, and to 16 at a quarter of the places; then 1024 values of what is left. */
const TRANSFORMERS = [1, 2, 3].reduce((sum, stage) => {
  const side = RESNET_SIDE / 2 ** (stage + 1);
  const [half, quarter] = [Math.ceil(side / 2), Math.ceil(Math.ceil(side / 2) / 2)];
  return sum + 2 * 9 * 64 * (side ** 2 * 32 * 2 ** stage + half ** 2 * 16) + 2 * 16 * quarter ** 2 * 1024;
}, 0);

/** Methods on an image transformer. */
export function vitRows(model: string, config: ModelConfig): MethodRow[] {
  const { width } = config.vision;
  const patches = gridSize(config.vision) ** 2;
  const pass = wholeTower(config);
  const blocks = config.outBlocks.length;
  return [
    ...["residual", "inctrl"].map(
      (method): MethodRow => ({
        ...{ method, model, set: { symmetries: 1 } },
        cost: (shots) => ({
          image: pass + blocks * searchOf([{ patches, width }], shots),
          fit: shots * pass,
        }),
      }),
    ),
    {
      ...{ method: "anomalydino", model },
      cost: (shots) => ({ image: pass + searchOf([{ patches, width }], 8 * shots), fit: 8 * shots * pass }),
    },
    {
      // At most all directions lie outside the subspace.
      ...{ method: "subspacead", model },
      cost: (shots) => ({
        image: pass + 2 * patches * width * width,
        fit: 8 * shots * (pass + 2 * patches * width * width),
      }),
    },
  ];
}

/** Methods that ask text. Prompts' texts are encoded once a class, and counted nowhere. */
export function textRows(model: string, config: ModelConfig): MethodRow[] {
  const pass = towerOperations(config);
  const windows = wholeTower(config) + windowOperations(config);
  return [
    { ...{ method: "clip-text", model }, cost: (shots) => ({ image: pass, fit: shots * pass }) },
    {
      ...{ method: "winclip", model },
      cost: (shots) => ({ image: windows, fit: shots * windows }),
      plain: `${(windows / pass).toFixed(1)} passes, and one for each window are ${windowCount(config)}`,
    },
  ];
}

const windowCount = ({ vision }: ModelConfig): number =>
  [2, 3].reduce((sum, side) => sum + (gridSize(vision) - side + 1) ** 2, 0);

/** A pass whose last block is run for all tokens, as taps of it need. */
function wholeTower(config: ModelConfig): number {
  const { width, mlpWidth } = config.vision;
  const patches = gridSize(config.vision) ** 2;
  const rest = 2 * patches * (width * width + 2 * width * mlpWidth) + 4 * width * patches * (patches + 1);
  return towerOperations(config) + rest;
}

/** The table: Wide-ResNet-50-2 seeded, DeiT-Tiny and nano, or small ones to see that all works. */
export function methodRows({
  quick,
  deit,
  nano,
}: {
  quick: boolean;
  deit?: string;
  nano: ModelConfig;
}): MethodRow[] {
  const vit = findConfig("deit_tiny_patch16_224");
  const source = "untrained:deit_tiny_patch16_224";
  const text = textRows("nano", nano);
  if (quick) return [...cnnRows("resnet18").slice(1, 2), ...vitRows(source, vit).slice(3), text[1]];
  return [...cnnRows("wide_resnet50_2"), regadRow, ...vitRows(deit ?? source, vit), ...text];
}
