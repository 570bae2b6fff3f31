import { type Device, nn, relu, reshape, scope, sigmoid, type Tensor } from "@inctrl/tensor";
import { InctrlError } from "../errors.js";
import { type HeadsForm, SORTED_HIDDEN } from "../heads.js";
import type { HeadFunctions } from "../model.js";
import { RANK_BINS, rankMeans } from "../ranks.js";

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

/** Heads of the sorted form while they are trained: the same function as `Heads`, under the same names. */
export class TrainableSortedHeads extends nn.Module implements HeadFunctions {
  readonly form: HeadsForm = "sorted";
  /** phi. */
  readonly diff_head: SortedHead;

  constructor(device: Device, seed = 0) {
    super();
    this.diff_head = new SortedHead(device, 16 * seed + 1);
  }

  imageResidual(): never {
    throw new InctrlError("heads", "heads of the sorted form have no adapter");
  }

  eta(): never {
    throw new InctrlError("heads", "heads of the sorted form have no eta");
  }

  phi(map: Tensor): Tensor {
    return this.diff_head.forward(map);
  }
}
