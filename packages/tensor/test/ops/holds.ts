import * as assert from "uvu/assert";
import { describeGradcheck, gradcheck } from "../../src/autograd/gradcheck.js";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import type { DType } from "../../src/dtype.js";
import type { Op } from "../../src/ops/define.js";
import type { HostTensor } from "../../src/ops/reference.js";
import { scope } from "../../src/scope.js";
import { type Shape, sizeOf } from "../../src/shape.js";
import { Tensor } from "../../src/tensor.js";
import { close, random, type Tolerance } from "../support.js";

/** A tensor among an op's arguments, by its values. */
export interface Given extends HostTensor {
  readonly dtype: DType;
}

/** Seeded float32 values. */
export const floats = (shape: Shape, seed = sizeOf(shape) + 1, low = -1.5, high = 1.5): Given => ({
  dtype: "float32",
  shape,
  values: random(seed, sizeOf(shape), low, high),
});

/** Given values. */
export const given = (values: ArrayLike<number>, shape: Shape, dtype: DType = "float32"): Given => ({
  dtype,
  shape,
  values,
});

const isGiven = (value: unknown): value is Given =>
  typeof value === "object" && value !== null && "dtype" in value;

interface Options {
  /** Of the results. Default 2e-5 relative to each value, and absolute. */
  tolerance?: Tolerance;
  /** Whether gradients by float32 tensors are compared with differences of the reference. Default true. */
  gradient?: boolean;
}

/** Asserts that an op gives what its float64 reference gives, and that its gradients are those of the reference. */
export async function holds(
  device: Device,
  op: Op<never[], unknown>,
  args: readonly unknown[],
  { tolerance = { abs: 2e-5, rel: 2e-5 }, gradient = true }: Options = {},
): Promise<void> {
  const inputs = args.filter(isGiven);
  const { definition } = op;
  const run = op as unknown as (...args: unknown[]) => Tensor | Record<string, Tensor>;
  const label = `${definition.name}(${args.map((arg) => (isGiven(arg) ? `[${arg.shape}]` : JSON.stringify(arg))).join(", ")})`;
  const make = () =>
    inputs.map(({ values, shape, dtype }) => tensor(device, Float64Array.from(values), shape, dtype));
  const filled = (tensors: readonly Tensor[]) => {
    let next = 0;
    return args.map((arg) => (isGiven(arg) ? tensors[next++] : arg));
  };
  // What the op's check makes of the arguments, with the tensors by their places.
  const template = scope(() => {
    const tensors = make();
    const placed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(placed);
      return value instanceof Tensor ? { place: tensors.indexOf(value), shape: value.shape } : value;
    };
    return Object.entries(definition.check(...filled(tensors)) as object).map(
      ([key, value]) => [key, placed(value)] as const,
    );
  });
  /** The reference's call, with other values for the inputs. */
  const hostCall = (values: readonly ArrayLike<number>[]) => {
    const host = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(host);
      if (typeof value !== "object" || value === null || !("place" in value)) return value;
      const { place, shape } = value as { place: number; shape: Shape };
      return { shape, values: values[place] };
    };
    return Object.fromEntries(template.map(([key, value]) => [key, host(value)]));
  };
  const want = definition.reference(hostCall(inputs.map(({ values }) => values)) as never) as unknown;
  const made = scope(() => run(...filled(make())));
  const results = made instanceof Tensor ? { "": made } : made;
  for (const [name, result] of Object.entries(results)) {
    close(
      await result.data(),
      name === "" ? (want as number[]) : (want as Record<string, number[]>)[name],
      tolerance,
      `${label} ${name}`,
    );
    result.dispose();
  }
  const differentiable = inputs.filter(({ dtype }) => dtype === "float32");
  if (!gradient || differentiable.length === 0 || inputs.some(({ values }) => values.length === 0)) return;
  const only = <R>(result: R | Record<string, R>): R =>
    made instanceof Tensor ? (result as R) : (result as Record<string, R>).values;
  const all = (xs: readonly unknown[]) => {
    let next = 0;
    return inputs.map((input) => (input.dtype === "float32" ? xs[next++] : input.values));
  };
  const report = await gradcheck(
    device,
    (...xs) => {
      let next = 0;
      const tensors = inputs.map(({ dtype, values, shape }) =>
        dtype === "float32" ? xs[next++] : tensor(device, Float64Array.from(values), shape, dtype),
      );
      return only<Tensor>(run(...filled(tensors)) as Tensor);
    },
    differentiable.map(({ shape, values }) => ({ shape, values: Float64Array.from(values) })),
    {
      reference: (...xs) =>
        only(definition.reference(hostCall(all(xs) as ArrayLike<number>[]) as never) as ArrayLike<number>),
      tolerance: 2e-4,
    },
  );
  assert.ok(report.ok, `${label}: ${describeGradcheck(report)}`);
}
