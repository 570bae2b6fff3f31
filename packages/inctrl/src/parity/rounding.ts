import { parity } from "@inctrl/detect";
import { type Tensor, tensor } from "@inctrl/tensor";

const { largestOf, TOLERANCE } = parity;

/**
 * A bias in front of a batch norm has no gradient while its unit is active for the whole batch: the norm takes out what it
 * adds. Float32 leaves rounding there, and Adam, which divides a gradient by its own size, walks by it up to the learning rate
 * a step, each implementation its own way; a unit may switch off on that walk and take others with it. PyTorch itself, given
 * golden/tiny's batch in 25 orders, ends five steps up to 8e-4 from its float64 twin, in up to 162 of a layer's 2048 weights,
 * and with the last loss 6e-4 off.
 *
 * With such gradients set to the zero that they are, it stays within 2e-5 of the twin in every value and order, and the
 * golden values within 1e-4 in all but these biases and the means they shift (packages/testing/golden/train_twins.py). This is the share of the
 * largest gradient of the unit's weights below which one is rounding: 1e-4 to 1e-3 give the same.
 */
const ROUNDING = 3e-4;

/** Units whose bias had no gradient in some step, by the name of the bias. */
export type IdleBiases = Map<string, Set<number>>;

/**
 * Zeroes gradients of biases that are rounding, and notes whose they were.
 *
 * @param gradients in the order of `names`; those changed are replaced, and the old ones freed.
 */
export async function zeroIdle(
  names: readonly string[],
  gradients: readonly Tensor[],
  idle: IdleBiases,
): Promise<Tensor[]> {
  const out = [...gradients];
  for (const [i, name] of names.entries()) {
    if (!/projection[12]\.bias$/.test(name)) continue;
    const weights = await gradients[names.indexOf(name.replace("bias", "weight"))].data();
    const bias = Float32Array.from(await gradients[i].data());
    const inputs = weights.length / bias.length;
    const units = idle.get(name) ?? new Set();
    idle.set(name, units);
    for (let unit = 0; unit < bias.length; unit++) {
      const largest = largestOf(weights.subarray(unit * inputs, (unit + 1) * inputs));
      if (Math.abs(bias[unit]) >= ROUNDING * largest) continue;
      bias[unit] = 0;
      units.add(unit);
    }
    out[i] = tensor(gradients[i].device, bias);
    gradients[i].dispose();
  }
  return out;
}

/** Adam's, which hides gradients that are as small. */
const EPSILON = 1e-8;

export interface Walk {
  /** Steps of Adam taken. */
  readonly steps: number;
  readonly lr: number;
  readonly idle: IdleBiases;
  /** The gradient of the first step; null for statistics. */
  readonly gradient: Float32Array | null;
}

/** How far chance may have moved each entry of a parameter or statistic: 0 for nearly all. */
export function chanceOf(name: string, size: number, { steps, lr, idle, gradient }: Walk): Float32Array {
  const reach = new Float32Array(size);
  const set = (units: Iterable<number>, far: number) => {
    for (const unit of units) reach[unit] = far;
  };
  const before = name.replace(/bn(\d)\.running_mean$/, (_, n) => `projection${Number(n) - 1}.bias`);
  if (idle.has(name)) set(idle.get(name)!, steps * lr);
  else if (idle.has(before)) set(idle.get(before)!, shiftOfMean(steps, lr));
  else if (gradient) {
    const rounding = largestOf(gradient) * 2 ** -23;
    // A step is lr g / (|g| + epsilon): what rounding of g makes of it. A gradient of exactly 0 has none.
    const moved = (g: number) => (lr * rounding * EPSILON) / (Math.abs(g) + EPSILON) ** 2;
    set(
      [...gradient.keys()].filter((i) => gradient[i] !== 0 && moved(gradient[i]) > TOLERANCE / 2),
      2 * steps * lr,
    );
  }
  return reach;
}

/** A running mean takes a share of each step's mean, which the bias has shifted by as much as it had walked until then. */
function shiftOfMean(steps: number, lr: number): number {
  let shift = 0;
  for (let walked = 0; walked < steps; walked++) shift = 0.9 * shift + 0.1 * walked * lr;
  return shift;
}
