import { activeRecorder, noted, withRecorder } from "../autograd/record.js";
import type { AnyDifferentiable, Differentiable, InputKey } from "../autograd/rule.js";
import type { Device } from "../device/device.js";
import type { DType } from "../dtype.js";
import { check } from "../errors.js";
import { scope } from "../scope.js";
import type { Shape } from "../shape.js";
import { commonDevice, Tensor } from "../tensor.js";
import { converted, type Launch, launch } from "./launch.js";
import { checkOptions, type Options, unfit } from "./options.js";
import type { Host, HostResult } from "./reference.js";

/*
 * An op is one definition: what it checks, the shape it gives, how it is computed, its gradient, its cost and a float64
 * reference. `defineOp` makes the function from it, and is the one place that records on tapes, frees what is made on the way, widens
 * float16, compares types and devices, and tells traces what a run costs. Tests and the table of features walk the definitions.
 *
 * A rule calls other ops, so it stands beside the forward pass only where imports stay without circles. Two ops that are each
 * other's gradient (sum and expand, gather and scatterAdd) share a file; a rule otherwise calls ops of files below its own.
 */

/** Types that an op takes, for all of its tensors or by name; others raise `dtype`. float16 is widened where float32 is listed alone. */
export type Takes<C> = readonly DType[] | { readonly [K in InputKey<C>]?: readonly DType[] };

export const FLOATS = ["float32"] as const;
export const INTEGERS = ["int32", "uint32"] as const;
export const NUMBERS = ["float32", "int32", "uint32"] as const;
export const ANY = ["float32", "int32", "uint32", "bool"] as const;

/**
 * What there is to know of an op. A call C is what `check` returns: tensors (or lists of them) and settings by name. An op
 * gives `shape` and `kernel`, or `forward` where one kernel is not all.
 */
export interface Definition<A extends unknown[], C extends object, R = Tensor>
  extends Omit<Differentiable<C>, "name"> {
  /** Turns arguments into a call, or throws a TensorError that says how to mend them. Touches no GPU. */
  readonly check: (...args: A) => C;
  /** Which argument holds the options, and what they are; others, or options elsewhere, are refused. None by default. */
  readonly options?: Options;
  readonly takes: Takes<C>;
  /** The shape of the result. */
  readonly shape?: (call: C) => Shape;
  /** The type of the result. Default float32. */
  readonly dtype?: (call: C) => DType;
  /**
   * The kernel that fills `out`, which is not empty. May launch others before, and make tensors: they are freed once the
   * kernel is recorded.
   */
  readonly kernel?: (call: C, out: Tensor) => Launch;
  /** Computes the result by other ops or as a view. Nothing it calls is recorded. */
  readonly forward?: (call: C) => R;
  /** While a tape runs: the same by ops that have gradients, instead of the op itself. Null: the op itself. */
  readonly onTape?: (call: C) => R | null;
  /** Multiplications, additions and the like of one call; 0 where values only move. */
  readonly flop?: (call: C, out: Tensor) => number;
  /** The result in float64, from the same call. */
  readonly reference: (call: Host<C>) => HostResult<NoInfer<R>>;
}

/** A definition with its name, of whatever op. */
// biome-ignore lint/suspicious/noExplicitAny: tests and tables walk definitions of all types
export type AnyDefinition = Definition<any[], any, any> & { readonly name: string };

/** An op: a function that carries its definition. */
export interface Op<A extends unknown[], R = Tensor> {
  (...args: A): R;
  readonly definition: AnyDefinition;
}

/**
 * Makes an op from its definition.
 *
 * @example
 * export const double = defineOp("double", {
 *   check: (x: Tensor) => ({ x }),
 *   takes: FLOATS,
 *   forward: ({ x }) => add(x, x),
 *   vjp: { x: ({ g }) => add(g, g) },
 *   reference: ({ x }) => Array.from(x.values, (v) => 2 * v),
 * });
 */
/* @__NO_SIDE_EFFECTS__ */
export function defineOp<A extends unknown[], C extends object, R = Tensor>(
  name: string,
  given: Definition<A, C, R>,
): Op<A, R> {
  const definition: AnyDefinition = { name, ...given };
  return Object.assign((...args: A): R => scope(() => run(definition, checked(definition, args))), {
    definition,
  });
}

// biome-ignore lint/suspicious/noExplicitAny: a call of any op
type Call = any;

/** The call of arguments; what no check foresaw, such as a list in a tensor's place, is a TensorError too. */
function checked({ name, options, check }: AnyDefinition, args: unknown[]): Call {
  checkOptions(name, options, args);
  try {
    return check(...args);
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause;
    throw unfit(name, args, undefined, cause);
  }
}

function run(definition: AnyDefinition, call: Call): Call {
  const inputs = inputsOf(call);
  checkInputs(definition, call, inputs);
  const recorder = activeRecorder();
  if (!recorder) return compute(definition, call, inputs);
  const composed = definition.onTape?.(call);
  if (composed) return composed;
  const made = withRecorder(null, () => scope(() => compute(definition, call, inputs)));
  return made instanceof Tensor ? noted(recorder, definition as AnyDifferentiable, call, made) : made;
}

function compute(definition: AnyDefinition, given: Call, inputs: readonly Input[]): Call {
  const call = widened(definition, given, inputs);
  const { shape, dtype, kernel, flop, forward } = definition;
  if (forward) return forward(call);
  const device: Device = call.device ?? inputs[0].tensor.device;
  const out = Tensor.empty(device, shape?.(call) ?? [], dtype?.(call));
  if (out.size === 0 || !kernel) return out;
  const planned = kernel(call, out);
  planned.tensors.out = out;
  launch(planned, flop?.(call, out));
  return out;
}

/** A tensor of a call, where it stands, and in which place of its list. */
export interface Input {
  key: string;
  index: number;
  tensor: Tensor;
}

/** The tensors of a call, in the order of its entries. */
export function inputsOf(call: object): Input[] {
  const inputs: Input[] = [];
  for (const key in call) {
    const value: unknown = call[key as keyof typeof call];
    if (value instanceof Tensor) inputs.push({ key, index: 0, tensor: value });
    else if (Array.isArray(value)) {
      for (const [index, tensor] of value.entries())
        if (tensor instanceof Tensor) inputs.push({ key, index, tensor });
    }
  }
  return inputs;
}

const typesOf = ({ takes }: AnyDefinition, key: string): readonly DType[] | undefined =>
  Array.isArray(takes) ? takes : (takes as Record<string, readonly DType[]>)[key];

const widens = (types: readonly DType[] | undefined, { dtype }: Tensor): boolean =>
  dtype === "float16" && types !== undefined && types.includes("float32") && !types.includes("float16");

function checkInputs(definition: AnyDefinition, call: Call, inputs: readonly Input[]): void {
  check(inputs.length > 0 || call.device, "argument", () => `${definition.name}: give a tensor`);
  if (inputs.length > 1)
    commonDevice(
      definition.name,
      inputs.map(({ tensor }) => tensor),
    );
  for (const { key, tensor } of inputs) {
    const types = typesOf(definition, key);
    check(
      !types || types.includes(tensor.dtype) || widens(types, tensor),
      "dtype",
      () =>
        `${definition.name}: ${key} is ${tensor.dtype}, not ${types?.join(" or ")}; cast(${key}, "${types?.[0]}") first`,
    );
  }
}

/** The call with float16 values in float32, where the op does not read them as they are. */
function widened(definition: AnyDefinition, call: Call, inputs: readonly Input[]): Call {
  let changed = call;
  for (const { key, index, tensor } of inputs) {
    if (!widens(typesOf(definition, key), tensor)) continue;
    const wide = converted(tensor, "float32");
    const value = call[key] instanceof Tensor ? wide : changed[key].with(index, wide);
    changed = { ...changed, [key]: value };
  }
  return changed;
}

/** The cost of a call: arithmetic, and bytes where each operand is read once and the result written once. */
export function costOf(definition: AnyDefinition, call: Call, out: Tensor): { flop: number; bytes: number } {
  const read = inputsOf(call).reduce((bytes, { tensor }) => bytes + tensor.bytes, 0);
  return { flop: definition.flop?.(call, out) ?? 0, bytes: read + out.bytes };
}
