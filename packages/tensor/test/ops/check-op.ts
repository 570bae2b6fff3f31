import * as assert from "uvu/assert";
import { describeGradcheck, gradcheck } from "../../src/autograd/gradcheck.js";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import type { DType } from "../../src/dtype.js";
import type { AnyDefinition, Op } from "../../src/ops/define.js";
import type { HostTensor } from "../../src/ops/reference.js";
import { scope } from "../../src/scope.js";
import { type Shape, sizeOf } from "../../src/shape.js";
import { Tensor } from "../../src/tensor.js";
import { close, random, type Tolerance } from "../support.js";

/** A tensor that a sample call asks for: given values, or seeded ones. */
export class Input {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly #low: number;
  readonly #high: number;
  readonly #given: ArrayLike<number> | undefined;

  constructor(
    shape: Shape,
    options: { dtype?: DType; low?: number; high?: number; values?: ArrayLike<number> } = {},
  ) {
    this.shape = shape;
    this.dtype = options.dtype ?? "float32";
    this.#low = options.low ?? -1.5;
    this.#high = options.high ?? 1.5;
    this.#given = options.values;
  }

  values(seed: number): ArrayLike<number> {
    if (this.#given) return this.#given;
    const drawn = random(seed, sizeOf(this.shape), this.#low, this.#high);
    if (this.dtype === "float32") return drawn;
    return this.dtype === "bool" ? drawn.map((v) => +(v > 0)) : drawn.map(Math.floor);
  }
}

/** Float32 values of a shape, in [-1.5, 1.5) or the range given. */
export const floats = (shape: Shape, low?: number, high?: number): Input => new Input(shape, { low, high });
/** Whole numbers from 0 to below `high`. */
export const wholes = (shape: Shape, high: number): Input =>
  new Input(shape, { dtype: "int32", low: 0, high });
export const bools = (shape: Shape): Input => new Input(shape, { dtype: "bool" });

/** A call of an op: its arguments, with `Input`s where tensors go. */
export interface Sample {
  args: readonly unknown[];
  /** How far forward values may be off. Default 2e-5 absolute and relative. */
  tolerance?: Tolerance;
  /** False where differences of the reference are of no use, as at kinks. */
  gradient?: boolean;
}

/** Replaces what is found in arguments or calls, in lists and plain objects too. */
export function replace(value: unknown, change: (found: unknown) => unknown): unknown {
  const changed = change(value);
  if (changed !== value) return changed;
  if (Array.isArray(value)) return value.map((item) => replace(item, change));
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, change)]));
}

function inputsIn(args: readonly unknown[]): Input[] {
  const found: Input[] = [];
  replace(args, (value) => {
    if (value instanceof Input) found.push(value);
    return value;
  });
  return found;
}

const first = (made: unknown): Tensor =>
  made instanceof Tensor ? made : (Object.values(made as object)[0] as Tensor);

/** A sample with its values drawn, ready to be run and to be put to the reference. */
function prepared(device: Device, op: Op<never[], unknown>, { args }: Sample) {
  const { definition } = op as { definition: AnyDefinition };
  const inputs = inputsIn(args);
  const values = inputs.map((input, i) => input.values(i + 1));
  const tensors = () =>
    inputs.map(({ shape, dtype }, i) => tensor(device, Array.from(values[i]), shape, dtype));
  const run = (own: readonly Tensor[]) => {
    const given = replace(args, (value) => (value instanceof Input ? own[inputs.indexOf(value)] : value));
    return { given: given as never[], made: () => op(...(given as never[])) };
  };
  // The checked call, with tensors named by their place among the inputs.
  const call = scope(() => {
    const own = tensors();
    const checked = definition.check(...run(own).given);
    return replace(checked, (value) => (value instanceof Tensor ? { input: own.indexOf(value) } : value));
  });
  const reference = (host: readonly ArrayLike<number>[]) => {
    const onHost = replace(call, (value) => {
      const at = (value as { input?: number } | null)?.input;
      return at === undefined ? value : ({ shape: inputs[at].shape, values: host[at] } satisfies HostTensor);
    });
    return (definition.reference as (call: unknown) => unknown)(onHost) as Values;
  };
  const label = `${definition.name} ${JSON.stringify(args)}`;
  return { definition, inputs, values, tensors, run, reference, label };
}

type Values = ArrayLike<number> | Record<string, ArrayLike<number>>;

export const listed = (values: Values): ArrayLike<number>[] =>
  typeof values.length === "number" && typeof (values as ArrayLike<unknown>)[0] !== "object"
    ? [values as ArrayLike<number>]
    : Object.values(values as Record<string, ArrayLike<number>>);

/** Holds an op's values on one call to the float64 reference, and that no tensor is left behind. */
export const checkForward = (device: Device, op: Op<never[], unknown>, sample: Sample): Promise<void> =>
  checkForwards(device, op, [sample]);

/** `checkForward` for many calls, which share one wait for the GPU. */
export async function checkForwards(
  device: Device,
  op: Op<never[], unknown>,
  samples: readonly Sample[],
): Promise<void> {
  const before = device.memory().tensors;
  const checks = samples.map(async (sample) => {
    const { values, tensors, run, reference, label } = prepared(device, op, sample);
    const made = scope(() => run(tensors()).made());
    const results = made instanceof Tensor ? [made] : (Object.values(made as object) as Tensor[]);
    const got = await Promise.all(results.map((result) => result.data()));
    for (const result of results) result.dispose();
    const wanted = listed(reference(values));
    for (const [i, data] of got.entries())
      close(data, wanted[i], sample.tolerance ?? { abs: 2e-5, rel: 2e-5 }, label);
    return label;
  });
  const [label] = await Promise.all(checks);
  assert.is(device.memory().tensors, before, `${label}: tensors are left behind`);
}

/** Holds an op's gradients on one call to central differences of the reference; of several results the first is differentiated. */
export async function checkGradient(device: Device, op: Op<never[], unknown>, sample: Sample): Promise<void> {
  const before = device.memory().tensors;
  const { definition, inputs, values, tensors, run, reference, label } = prepared(device, op, sample);
  const { vjp, onTape } = definition;
  const smooth = inputs.filter(({ dtype }) => dtype === "float32");
  if (sample.gradient === false || vjp === null || (!vjp && !onTape) || smooth.length === 0) return;
  if (listed(reference(values))[0].length === 0) return;
  const report = await gradcheck(
    device,
    (...own: Tensor[]) => {
      const all = tensors();
      for (const [i, x] of own.entries()) all[inputs.indexOf(smooth[i])] = x;
      return first(run(all).made());
    },
    smooth.map((input) => ({ shape: input.shape, values: Array.from(values[inputs.indexOf(input)]) })),
    {
      reference: (...moved) => {
        const host: ArrayLike<number>[] = [...values];
        for (const [i, own] of moved.entries()) host[inputs.indexOf(smooth[i])] = own;
        return listed(reference(host))[0];
      },
      tolerance: 2e-4,
    },
  );
  assert.ok(report.ok, `${label}: ${describeGradcheck(report)}`);
  assert.is(device.memory().tensors, before, `${label}: tensors are left behind`);
}
