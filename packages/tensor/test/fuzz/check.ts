import { valueAndGrad } from "../../src/autograd/grad.js";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import { add, mul } from "../../src/ops/elementwise.js";
import { sum } from "../../src/ops/sum.js";
import { scope } from "../../src/scope.js";
import type { Tensor } from "../../src/tensor.js";
import { type Graph, put, type Ref } from "./graph.js";

/** Step of the differences, and how far apart value or gradient may be, by the largest of the graph (at least 1). */
const STEP = 1e-4;
const TOLERANCE = 5e-4;

/** Fixed uneven weights, so that errors of two values cannot cancel. */
const weightOf = (i: number): number => Math.fround(Math.sin(1 + 2.3 * i) + 0.1);

/** What a graph's values and gradients must be, in float64. */
export interface Expected {
  readonly loss: number;
  /** For each value of each free leaf the derivatives from below and from above, which differ at kinks; NaN where there is none. */
  readonly slopes: readonly (readonly (readonly [number, number])[])[];
  readonly largest: number;
}

function lossOf(graph: Graph, changed?: ReadonlyMap<Ref, readonly number[]>): number {
  const values = graph.onHost(changed);
  let loss = 0;
  for (const ref of graph.ends())
    Array.from(values.get(ref)?.values ?? []).forEach((v, i) => {
      loss += v * weightOf(i);
    });
  return loss;
}

export function expectedOf(graph: Graph): Expected {
  const loss = lossOf(graph);
  const slopes = freeLeaves(graph).map(({ ref, values }) =>
    values.map((v, i) => {
      const at = (step: number) => lossOf(graph, new Map([[ref, values.with(i, v + step)]]));
      // One-sided, of second order; NaN at a jump or where the slope is infinite: there it grows as the step shrinks.
      const side = (h: number) => (-3 * loss + 4 * at(h) - at(2 * h)) / (2 * h);
      const settled = (h: number) => {
        const [wide, narrow] = [side(h), side(h / 2)];
        return Math.abs(wide - narrow) <= 1e-3 + 0.1 * Math.abs(narrow) ? narrow : Number.NaN;
      };
      return [settled(-STEP), settled(STEP)] as const;
    }),
  );
  const finite = slopes.flat(2).filter(Number.isFinite).map(Math.abs);
  const values = [...graph.onHost().values()]
    .flatMap((host) => Array.from(host.values, Math.abs))
    .filter(Number.isFinite);
  return { loss, slopes, largest: Math.max(1, ...finite, ...values) };
}

/** Runs a graph on a device and gives what is wrong with it; null where nothing is. */
export async function faultOf(
  graph: Graph,
  device: Device,
  { loss, slopes, largest }: Expected,
): Promise<string | null> {
  const free = freeLeaves(graph);
  const before = device.memory().tensors;
  const made = scope(() =>
    valueAndGrad((parameters: readonly Tensor[]) =>
      graph
        .onDevice(device, parameters)
        .map((end) => {
          const weights = Float32Array.from({ length: end.size }, (_, i) => weightOf(i));
          return sum(mul(end, tensor(device, weights, end.shape)));
        })
        .reduce((a, b) => add(a, b)),
    )(free.map((leaf) => put(device, leaf))),
  );
  const [[value], ...gradients] = await Promise.all([made.value, ...made.gradients].map((t) => t.data()));
  for (const t of [made.value, ...made.gradients]) t.dispose();
  const left = device.memory().tensors - before;
  if (left !== 0) return `${left} tensors are left behind`;
  const tolerance = TOLERANCE * largest;
  if (!(Math.abs(value - loss) <= tolerance)) return `the value is ${value}, want ${loss}`;
  for (const [n, leaf] of free.entries())
    for (const [i, [below, above]] of slopes[n].entries()) {
      const got = gradients[n][i];
      if (!Number.isFinite(below) || !Number.isFinite(above)) continue;
      if (got >= Math.min(below, above) - tolerance && got <= Math.max(below, above) + tolerance) continue;
      return `the gradient of #${leaf.ref.id}[${i}] is ${got}, want ${below} to ${above}`;
    }
  return null;
}

const freeLeaves = (graph: Graph) => graph.leaves.filter(({ fixed }) => !fixed);
