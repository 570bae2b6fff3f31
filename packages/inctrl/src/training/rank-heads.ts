import { InctrlError } from "@inctrl/detect";
import { type Device, full, nn, relu, reshape, scope, sigmoid, type Tensor, zeros } from "@inctrl/tensor";
import { type HeadsForm, SORTED_HIDDEN } from "../heads.js";
import type { HeadFunctions } from "../model.js";
import { monotonePhi, RANK_BINS, rankMeans } from "../ranks.js";

/** Linear, ReLU, Linear, sigmoid. */
class SortedHead extends nn.Module {
  readonly sorted1: nn.Linear;
  readonly sorted2: nn.Linear;

  constructor(device: Device, seed: number) {
    super();
    this.sorted1 = new nn.Linear(device, RANK_BINS, SORTED_HIDDEN, { seed });
    this.sorted2 = new nn.Linear(device, SORTED_HIDDEN, 1, { seed: seed + 1 });
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const logits = this.sorted2.forward(relu(this.sorted1.forward(rankMeans(x))));
      return reshape(sigmoid(logits), [x.shape[0]]);
    });
  }
}

/** What every weight of the monotone form starts at the square of: all ranks alike, and small. */
const FIRST_ROOT = 0.3;

/** Squares as weights, then sigmoid. */
class MonotoneHead extends nn.Module {
  readonly roots: nn.Parameter;
  readonly bias: nn.Parameter;

  constructor(device: Device) {
    super();
    this.roots = new nn.Parameter(full(device, [RANK_BINS], FIRST_ROOT));
    this.bias = new nn.Parameter(zeros(device, [1]));
  }

  forward(x: Tensor): Tensor {
    return monotonePhi(x, this.roots.value, this.bias.value);
  }
}

/** Heads that see ranks, while they are trained: the same functions as `Heads`, under the same names. */
export class TrainableRankHeads extends nn.Module implements HeadFunctions {
  readonly form: HeadsForm;
  /** phi. */
  readonly diff_head: SortedHead | MonotoneHead;

  constructor(device: Device, form: Exclude<HeadsForm, "paper">, seed = 0) {
    super();
    this.form = form;
    this.diff_head = form === "sorted" ? new SortedHead(device, 16 * seed + 1) : new MonotoneHead(device);
  }

  imageResidual(): never {
    throw new InctrlError("heads", `heads of the ${this.form} form have no adapter`);
  }

  eta(): never {
    throw new InctrlError("heads", `heads of the ${this.form} form have no eta`);
  }

  phi(map: Tensor): Tensor {
    return this.diff_head.forward(map);
  }
}
