import { gridStride } from "./grid.js";
import { defineKernel } from "./kernel.js";

const RATES = { b1: "f32", b2: "f32", rest1: "f32", rest2: "f32" } as const;

/**
 * One step of Adam (Kingma and Ba 2015, algorithm 1) over all values of a parameter, one pass: the new value and the new running
 * averages. `pull` is the weight decay that is added to the gradient, `keep` the factor of decoupled decay (Loshchilov and Hutter 2019);
 * `rest` is 1 - b, which float32 would round too far, `root` is sqrt(1 - b2^t) and `rate` the learning rate over 1 - b1^t.
 */
export const adamKernel = defineKernel("adam", () => ({
  reads: { value: "f32", gradient: "f32", mean: "f32", square: "f32" },
  writes: { newValue: "f32", newMean: "f32", newSquare: "f32" },
  uniforms: { ...RATES, pull: "f32", keep: "f32", root: "f32", rate: "f32", eps: "f32" },
  split: gridStride,
  body: `    let g = gradient[i] + value[i] * u.pull;
    let m = mean[i] * u.b1 + g * u.rest1;
    let s = square[i] * u.b2 + g * g * u.rest2;
    newMean[i] = m;
    newSquare[i] = s;
    newValue[i] = value[i] * u.keep - m / (sqrt(s) / u.root + u.eps) * u.rate;`,
}));
