import { abs, add, exp, log, neg, relu, type Tensor } from "@inctrl/tensor";

/** log(1 + e^x), without overflow. */
export const softplus = (x: Tensor): Tensor => add(relu(x), log(add(exp(neg(abs(x))), 1)));
