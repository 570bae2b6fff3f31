import {
  type Device,
  keep,
  mean,
  nn,
  relu,
  reshape,
  scope,
  sigmoid,
  sub,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { type HeadsForm, type HeadValues, HIDDEN } from "../heads.js";
import type { HeadFunctions } from "../model.js";

/** psi: Linear, ReLU, Linear, ReLU, no biases. */
class Adapter extends nn.Module {
  readonly fc: (nn.Linear | null)[];

  constructor(device: Device, embedDim: number, seed: number) {
    super();
    const reduced = Math.floor(embedDim / 4);
    const layer = (from: number, to: number, n: number) =>
      new nn.Linear(device, from, to, { bias: false, seed: seed + n });
    this.fc = [layer(embedDim, reduced, 0), null, layer(reduced, embedDim, 1)];
  }

  forward(x: Tensor): Tensor {
    const [first, , second] = this.fc as [nn.Linear, null, nn.Linear];
    return scope(() => relu(second.forward(relu(first.forward(x)))));
  }
}

/** eta or phi: Linear, ReLU, BatchNorm, twice, then Linear and sigmoid. */
class ScoringHead extends nn.Module {
  readonly projection1: nn.Linear;
  readonly bn2: nn.BatchNorm;
  readonly projection2: nn.Linear;
  readonly bn3: nn.BatchNorm;
  readonly projection3: nn.Linear;

  constructor(device: Device, input: number, seed: number) {
    super();
    const [first, second] = HIDDEN;
    this.projection1 = new nn.Linear(device, input, first, { seed });
    this.bn2 = new nn.BatchNorm(device, first);
    this.projection2 = new nn.Linear(device, first, second, { seed: seed + 1 });
    this.bn3 = new nn.BatchNorm(device, second);
    this.projection3 = new nn.Linear(device, second, 1, { seed: seed + 2 });
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const first = this.bn2.forward(relu(this.projection1.forward(x)));
      const second = this.bn3.forward(relu(this.projection2.forward(first)));
      return reshape(sigmoid(this.projection3.forward(second)), [x.shape[0]]);
    });
  }
}

/**
 * InCTRL's heads while they are trained: the same functions as `Heads`, under the same released names, with gradients and batch
 * statistics.
 */
export class TrainableHeads extends nn.Module implements HeadFunctions {
  readonly form: HeadsForm = "paper";
  readonly adapter: Adapter;
  /** eta. */
  readonly diff_head_ref: ScoringHead;
  /** phi. */
  readonly diff_head: ScoringHead;

  constructor(device: Device, embedDim: number, patches: number, seed = 0) {
    super();
    this.adapter = new Adapter(device, embedDim, 16 * seed + 1);
    this.diff_head_ref = new ScoringHead(device, embedDim, 16 * seed + 3);
    this.diff_head = new ScoringHead(device, patches, 16 * seed + 7);
  }

  adapt(features: Tensor): Tensor {
    return this.adapter.forward(features);
  }

  imageResidual(query: Tensor, prompt: Tensor): Tensor {
    return scope(() => sub(prompt, this.adapt(query)));
  }

  promptFeature(prompts: Tensor): Tensor {
    return scope(() => mean(this.adapt(prompts), -2));
  }

  eta(residual: Tensor): Tensor {
    return this.diff_head_ref.forward(residual);
  }

  phi(map: Tensor): Tensor {
    return this.diff_head.forward(map);
  }

  /** Takes over values by released name; what training never uses is left out. */
  load(device: Device, values: HeadValues): void {
    const own = this.namedParameters();
    this.loadStateDict(
      new Map(
        [...values]
          .filter(([name]) => own.has(name))
          .map(([name, { shape, data }]) => [name, keep(tensor(device, data, shape))]),
      ),
    );
  }
}
