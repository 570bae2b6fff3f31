import { check } from "../errors.js";
import { scope } from "../scope.js";
import { formatShape, sameShape } from "../shape.js";
import { Tensor } from "../tensor.js";
import { noGrad, recorded } from "./record.js";
import { withTape } from "./tape.js";

/** Tensors to differentiate by: one, a list, or by name. */
export type ParameterTree = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** Gradients in the form of what they belong to. */
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
 * A function's value and its gradient by the parameters. All else the function makes is freed; what it returns beside the
 * value is kept.
 *
 * @param f from parameters to a tensor with one value, or to `[value, rest]`.
 * @returns a function that gives `{ value, gradients, rest }`.
 * @example
 * const step = valueAndGrad(({ w, b }: { w: Tensor; b: Tensor }) => mean(square(sub(add(matmul(x, w), b), y))));
 * const { value, gradients } = step({ w, b });
 */
export function valueAndGrad<P extends ParameterTree, R = undefined>(
  f: (parameters: P) => Tensor | readonly [Tensor, R],
): (parameters: P) => { value: Tensor; gradients: Gradients<P>; rest: R } {
  return (parameters) =>
    scope(() =>
      withTape((tape) => {
        const list = listOf(parameters);
        tape.watch(list);
        const made = f(parameters);
        const [value, rest] = made instanceof Tensor ? [made, undefined as R] : made;
        return { value, gradients: shapedLike(parameters, tape.backward(value, list)), rest };
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
 * The same values with nothing flowing back.
 *
 * @example const target = detach(teacher(x));
 */
export const detach = (x: Tensor): Tensor => noGrad(() => x.view(x.shape));

/**
 * Runs a function without keeping what lies inside for the way back; its gradients run it again. Trades time for memory.
 *
 * @example const y = checkpoint((h) => block(h), x);
 */
export function checkpoint(f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Tensor {
  return recorded("checkpoint", inputs, undefined, () => scope(() => f(...inputs)), {
    needs: inputs.map((_, i) => i),
    joint: ({ g, inputs: held }) =>
      withTape((tape) => {
        tape.watch(held);
        return tape.backward(f(...held), held, g);
      }),
  });
}

/**
 * An op with a gradient of your own.
 *
 * @param forward from inputs to the value; what it calls is not recorded.
 * @param backward from the value's gradient, the inputs and the value to a gradient for each input (null for none).
 * @example
 * const straightThrough = customVjp((x) => round(x), (g) => [g]);
 */
export function customVjp(
  forward: (...inputs: Tensor[]) => Tensor,
  backward: (g: Tensor, inputs: Tensor[], value: Tensor) => (Tensor | null)[],
): (...inputs: Tensor[]) => Tensor {
  return (...inputs) =>
    recorded("customVjp", inputs, undefined, () => scope(() => forward(...inputs)), {
      needs: [...inputs.map((_, i) => i), "out"],
      joint: ({ g, inputs: held, out, shapes }) => {
        const made = backward(g, held, out);
        made.forEach((gradient, i) => {
          check(
            !gradient || sameShape(gradient.shape, shapes[i]),
            "shape",
            () =>
              `customVjp: the gradient of input ${i} is ${formatShape(gradient?.shape ?? [])} and must be ${formatShape(shapes[i])}`,
          );
        });
        return made;
      },
    });
}
