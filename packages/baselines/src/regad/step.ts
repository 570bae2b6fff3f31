import { add, detach, mean, mul, nn, reshape, scope, type Tensor } from "@inctrl/tensor";
import { cosineLoss } from "./loss.js";
import { FeatureEncoder, FeaturePredictor, RegistrationNetwork } from "./network.js";
import type { Registration } from "./shape.js";

/** All that is trained, under the names of the released program's checkpoints. */
export class RegistrationModel extends nn.Module {
  readonly STN: RegistrationNetwork;
  readonly ENC: FeatureEncoder;
  readonly PRED: FeaturePredictor;

  constructor(registration: Registration, initial: nn.Initial = {}) {
    super();
    this.STN = new RegistrationNetwork(registration, initial);
    this.ENC = new FeatureEncoder(initial);
    this.PRED = new FeaturePredictor(initial);
  }

  /** The norm at the encoder's end takes no part, and so has no gradient. */
  override parameters(): nn.Parameter[] {
    const unused = new Set(this.ENC.bn3.namedParameters().values());
    return super.parameters().filter((parameter) => !unused.has(parameter));
  }
}

/** What a step makes: features, encoded and foretold ones, the query's and the supports'. */
export interface StepOutputs {
  readonly features: readonly Tensor[];
  readonly encoded: readonly Tensor[];
  readonly foretold: readonly Tensor[];
}

/**
 * The loss of one pass over features [views, rows, columns, 256] of queries and of their supports (paper, equations 3 and 4): each
 * side foretells the other's encoded features.
 */
export function siameseLoss(
  { ENC, PRED }: Pick<RegistrationModel, "ENC" | "PRED">,
  query: Tensor,
  support: Tensor,
): readonly [loss: Tensor, outputs: StepOutputs] {
  const features = [query, support];
  const encoded = features.map((each) => ENC.forward(each));
  const foretold = encoded.map((each) => PRED.forward(each));
  const [target1, target2] = encoded.map(detach);
  const loss = mul(add(cosineLoss(foretold[0], target2), cosineLoss(foretold[1], target1)), 0.5);
  return [loss, { features, encoded, foretold }];
}

/**
 * The loss of a batch and its gradients by the model's parameters. The queries and then their supports pass the network one after the
 * other, each with batch statistics of its own.
 *
 * @param model in training mode.
 * @param queries [views, 3, side, side], from 0 to 1.
 * @param supports [views, K, 3, side, side].
 */
export function registrationStep(
  model: RegistrationModel,
  queries: Tensor,
  supports: Tensor,
): { value: Tensor; gradients: Tensor[]; rest: StepOutputs } {
  const [views, shots, ...image] = supports.shape;
  return scope(() =>
    nn.gradientsOf(model.parameters(), () => {
      const features = (pixels: Tensor) => model.STN.stages(pixels)[2].warped;
      const query = features(queries);
      const each = features(reshape(supports, [views * shots, ...image]));
      const support = mean(reshape(each, [views, shots, ...each.shape.slice(1)]), 1);
      return siameseLoss(model, query, support);
    }),
  );
}
