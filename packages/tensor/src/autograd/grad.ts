import { check, kindOf } from "../errors.js";
import { inputsOf } from "../ops/define.js";
import { scope } from "../scope.js";
import { checkIs, type Shape } from "../shape.js";
import { checkTensor, Tensor } from "../tensor.js";
import { activeRecorder, noGrad, noted, type Recorder, withRecorder } from "./record.js";
import { noteEffects, replay } from "./replay.js";
import type { AnyDifferentiable } from "./rule.js";
import { withTape } from "./tape.js";

/** Tensors to differentiate by: one, a list, or by name. */
export type ParameterTree = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** Gradients in the structure of the parameters. */
export type Gradients<P extends ParameterTree> = P extends Tensor
  ? Tensor
  : P extends readonly Tensor[]
    ? Tensor[]
    : { [K in keyof P]: Tensor };

const listOf = (parameters: ParameterTree): Tensor[] => {
  if (parameters instanceof Tensor) return [parameters];
  return Array.isArray(parameters) ? [...parameters] : Object.values(parameters);
};

function shapedLike<P extends ParameterTree>(parameters: P, list: Tensor[]): Gradients<P> {
  if (parameters instanceof Tensor) return list[0] as Gradients<P>;
  if (Array.isArray(parameters)) return list as Gradients<P>;
  return Object.fromEntries(Object.keys(parameters).map((key, i) => [key, list[i]])) as Gradients<P>;
}

/**
 * A function's value and its gradient by the parameters. Everything else that the function makes is freed, except what it returns
 * beside the value.
 *
 * @param f from parameters to a tensor with one value, or to `[value, rest]`.
 * @returns a function that gives `{ value, gradients, rest }`.
 * @throws TensorError `shape` where the value is not a single number.
 * @example
 * const step = valueAndGrad(({ w, b }: { w: Tensor; b: Tensor }) => mean(square(sub(add(matmul(x, w), b), y))));
 * const { value, gradients } = step({ w, b });
 */
export function valueAndGrad<P extends ParameterTree, R = undefined>(
  f: (parameters: P) => Tensor | readonly [Tensor, R],
): (parameters: P) => { value: Tensor; gradients: Gradients<P>; rest: R } {
  checkFunction("valueAndGrad", f);
  return (parameters) =>
    scope(() =>
      withTape((tape) => {
        const list = listOf(parameters);
        tape.watch(list);
        const made = f(parameters);
        const [value, rest] = made instanceof Tensor ? [made, undefined as R] : made;
        const gradients = shapedLike(parameters, tape.backward(value, list));
        // A parameter that is returned as it is stays the caller's.
        return { value: list.includes(value) ? value.view(value.shape) : value, gradients, rest };
      }),
    );
}

/**
 * A function's gradient by its parameters.
 *
 * @example const slope = grad((x: Tensor) => sum(square(x)))(x); // 2 x
 */
export function grad<P extends ParameterTree>(f: (parameters: P) => Tensor): (parameters: P) => Gradients<P> {
  const both = valueAndGrad(f);
  return (parameters) =>
    scope(() => {
      const { gradients } = both(parameters);
      return gradients;
    });
}

/**
 * The same values, through which no gradient flows.
 *
 * @example const target = detach(teacher(x));
 */
export function detach(x: Tensor): Tensor {
  checkTensor("detach", x);
  return noGrad(() => x.view(x.shape));
}

/**
 * Runs a function without saving its intermediate values; the backward pass runs it again. Trades time for memory. What the function
 * uses beside its inputs, such as the parameters of a module, has gradients too and must live until then.
 *
 * @example const y = checkpoint((h) => block.forward(h), x);
 */
export function checkpoint(f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Tensor {
  checkFunction("checkpoint", f);
  const recorder = activeRecorder();
  if (!recorder) return scope(() => f(...inputs));
  const captured = new Set<Tensor>();
  const spy: Recorder = {
    tracks: (x) => recorder.tracks(x),
    record(_op, call) {
      for (const { tensor } of inputsOf(call)) {
        if (recorder.tracks(tensor) && !inputs.includes(tensor)) captured.add(tensor);
      }
    },
  };
  const { result, effects } = noteEffects(() => withRecorder(spy, () => scope(() => f(...inputs))));
  // A result that is handed through as it is counts as used.
  spy.record({ name: "checkpoint" }, { result }, result);
  const used = [...captured];
  const again: AnyDifferentiable = {
    name: "checkpoint",
    saves: ["inputs"],
    vjp: ({ g, inputs: held }: { g: Tensor; inputs: Tensor[] }) =>
      withTape((tape) => {
        const wrt = [...held, ...used];
        tape.watch(wrt);
        const made = tape.backward(
          replay(effects, () => f(...held)),
          wrt,
          g,
        );
        return { inputs: made.slice(0, held.length), used: made.slice(held.length) };
      }),
  };
  return noted(recorder, again, { inputs, used }, result);
}

/**
 * An op with a gradient of your own.
 *
 * @param forward from inputs to the value; the ops it calls are not recorded.
 * @param backward from the value's gradient, the inputs and the value to a gradient for each input (null for none).
 * @example
 * const straightThrough = customVjp((x) => round(x), (g) => [g]);
 */
export function customVjp(
  forward: (...inputs: Tensor[]) => Tensor,
  backward: (g: Tensor, inputs: Tensor[], value: Tensor) => (Tensor | null)[],
): (...inputs: Tensor[]) => Tensor {
  const vjp = ({ g, inputs: held, out, shapes }: CustomContext) => {
    const made = backward(g, held, out);
    check(
      made.length === held.length,
      "argument",
      () => `customVjp: ${made.length} gradients for ${held.length} inputs; give one for each, null for none`,
    );
    for (const [i, gradient] of made.entries())
      checkIs(`customVjp: the gradient of input ${i}`, gradient, shapes.inputs[i]);
    return { inputs: made };
  };
  return (...inputs) => {
    const recorder = activeRecorder();
    const made = noGrad(() => scope(() => forward(...inputs)));
    return recorder
      ? noted(recorder, { name: "customVjp", saves: ["inputs", "out"], vjp }, { inputs }, made)
      : made;
  };
}

interface CustomContext {
  g: Tensor;
  inputs: Tensor[];
  out: Tensor;
  shapes: { inputs: readonly Shape[] };
}

function checkFunction(where: string, f: unknown): void {
  check(typeof f === "function", "argument", () => `${where}: give a function, not ${kindOf(f)}`);
}
