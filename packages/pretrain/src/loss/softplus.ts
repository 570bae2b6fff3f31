import { abs, add, exp, log, neg, relu, type Tensor } from "@inctrl/tensor";

/**
 * log(1 + e^x), without overflow. The library's own op rounds otherwise; this one keeps `nano`'s recipe, and checkpoints that are
 * continued, at the same bits.
 */
export const softplus = (x: Tensor): Tensor => add(relu(x), log(add(exp(neg(abs(x))), 1)));
