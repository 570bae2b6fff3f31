import { div, mean, mul, norm, scope, sum, type Tensor } from "@inctrl/tensor";

/** -mean of the cosines of vectors along the last axis, over all places. */
export const cosineLoss = (p: Tensor, z: Tensor): Tensor =>
  scope(() => mul(mean(div(sum(mul(p, z), -1), mul(norm(p, -1), norm(z, -1)))), -1));
