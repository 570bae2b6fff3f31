import { zeros } from "../../create.js";
import { TensorError } from "../../errors.js";
import { panelWidth } from "../../kernels/plan.js";
import { cast } from "../../ops/cast.js";
import { addColumns, columns, rowsAtOnce, type Window } from "../../ops/columns.js";
import { type Conv2dOptions, ConvWeight, placeWindow } from "../../ops/conv.js";
import { add } from "../../ops/elementwise.js";
import { matmul } from "../../ops/matmul.js";
import { sum } from "../../ops/reduce.js";
import { permute, reshape, slice } from "../../ops/shape.js";
import { scope } from "../../scope.js";
import type { Shape } from "../../shape.js";
import type { Tensor } from "../../tensor.js";
import { input, type Rule, type RuleContext } from "../rule.js";

type Context = RuleContext<Conv2dOptions>;

/** A convolution's way back, in parts whose column matrix fits. */
interface Parts {
  window: Window;
  groups: number;
  /** Where a part of the output pixels (over batch, y and x) starts, and the gradient there, [groups, rows, filters / groups]. */
  each: (run: (start: number, g: Tensor) => void) => void;
}

function partsOf(g: Tensor, xShape: Shape, weightShape: Shape, options: Conv2dOptions): Parts {
  const { groups = 1, channelsLast = false } = options;
  const [filters, depth, kh, kw] = weightShape;
  const window = placeWindow(xShape, [kh, kw], options);
  const [batch, pixels] = [xShape[0], window.out[0] * window.out[1]];
  const per = filters / groups;
  const parted = channelsLast
    ? permute(reshape(g, [batch, pixels, groups, per]), [2, 0, 1, 3])
    : permute(reshape(g, [batch, groups, per, pixels]), [1, 0, 3, 2]);
  const matrix = reshape(parted, [groups, batch * pixels, per]);
  const rows = g.size === 0 ? 0 : batch * pixels;
  // A column matrix is packed, in whole panels.
  const widest = Math.max(depth * kh * kw, per) + panelWidth(g.device.caps);
  const step = rowsAtOnce(rows, groups * widest, g.device);
  return {
    window,
    groups,
    each: (run) => {
      for (let start = 0; start < rows; start += step) {
        run(start, slice(matrix, [null, [start, start + step]]));
      }
    },
  };
}

/** Gradients of conv2d by x, weight and bias. */
export const CONV_RULES: Record<string, Rule> = {
  conv2d: [
    input([1], ({ g, inputs: [, weight], shapes, attributes }: Context) => {
      if ((weight as unknown) instanceof ConvWeight) {
        throw new TensorError(
          "argument",
          "conv2d: nothing flows back through packed filters; give the weight as a tensor where gradients are wanted",
        );
      }
      const [xShape, weightShape] = shapes;
      const { window, groups, each } = partsOf(g, xShape, weightShape, attributes);
      const filters = reshape(cast(weight, "float32"), [groups, weightShape[0] / groups, -1]);
      const image = zeros(g.device, xShape);
      each((start, part) => {
        scope(() => addColumns(matmul(part, filters), image, window, groups, start));
      });
      return image;
    }),
    input([0], ({ g, inputs: [x], shapes, attributes }: Context) => {
      const [xShape, weightShape] = shapes;
      const { window, groups, each } = partsOf(g, xShape, weightShape, attributes);
      const source = cast(x, "float32");
      let total: Tensor | undefined;
      each((start, part) => {
        const before = total;
        total = scope(() => {
          const under = columns(source, window, groups, start, part.shape[1]);
          const product = matmul(part, under, { transposeA: true });
          return before ? add(before, product) : product;
        });
        before?.dispose();
      });
      return total ? reshape(total, weightShape) : zeros(g.device, weightShape);
    }),
    input([], ({ g, attributes: { channelsLast = false } }: Context) =>
      sum(g, channelsLast ? [0, 1, 2] : [0, 2, 3]),
    ),
  ],
};
