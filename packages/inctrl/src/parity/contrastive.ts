import { loadClip } from "@inctrl/clip";
import { type ParityCheck, parity } from "@inctrl/detect";
import {
  add,
  arange,
  crossEntropy,
  type Device,
  exp,
  matmul,
  mul,
  normalize,
  openSafetensors,
  type Tensor,
  tensor,
  transpose,
  valueAndGrad,
} from "@inctrl/tensor";
import type { Fixture } from "./fixture.js";

const { compare, compareGradient, LOGIT_TOLERANCE, TOLERANCE } = parity;

/** Differentiates CLIP's symmetric contrastive loss by every parameter of both towers, and compares. */
export async function contrastiveChecks(
  device: Device,
  { config, checkpoints, inputs: { query, side }, golden: find }: Fixture,
): Promise<ParityCheck[]> {
  const path = find("contrastive");
  if (!path) return [];
  await using golden = await openSafetensors(path);
  using clip = await loadClip(device, config, checkpoints[0].weights, { trainable: true });
  const { text, vision } = clip;
  const [count, length] = golden.tensors.get("text_ids")?.shape ?? [];
  const ids = Int32Array.from(await golden.readFloat32("text_ids"));
  const pixels = query.subarray(0, count * 3 * side * side);
  const { value, gradients, rest } = valueAndGrad((p: Record<string, Tensor>) => {
    const images = normalize(vision.forward(tensor(device, pixels, [count, 3, side, side])).features);
    const texts = normalize(text!.forward(ids, length));
    const logits = mul(matmul(images, texts, { transposeB: true }), exp(p.logit_scale));
    const own = arange(device, count, "int32");
    const loss = mul(add(crossEntropy(logits, own), crossEntropy(transpose(logits), own)), 0.5);
    return [loss, logits] as const;
  })(Object.fromEntries(clip.stateDict()));
  const checks = [
    compare("contrastive: loss", await value.data(), await golden.readFloat32("loss"), TOLERANCE),
    compare("contrastive: logits", await rest.data(), await golden.readFloat32("logits"), LOGIT_TOLERANCE),
  ];
  for (const [name, gradient] of Object.entries(gradients)) {
    const want = await golden.readFloat32(`grad.${name}`);
    checks.push(compareGradient(`contrastive: grad.${name}`, await gradient.data(), want));
    gradient.dispose();
  }
  value.dispose();
  rest.dispose();
  return checks;
}
