import { access } from "node:fs/promises";
import { join } from "node:path";
import { loadClip } from "@inctrl/clip";
import {
  add,
  arange,
  type Device,
  exp,
  logSoftmax,
  matmul,
  mul,
  neg,
  normalize,
  oneHot,
  openSafetensors,
  sum,
  type Tensor,
  tensor,
  transpose,
  valueAndGrad,
} from "@inctrl/tensor";
import { InctrlError } from "../errors.js";
import type { Fixture } from "./fixture.js";
import { compare, GRADIENT_TOLERANCE, LOGIT_TOLERANCE, type ParityCheck, TOLERANCE } from "./report.js";

/** Differentiates CLIP's symmetric contrastive loss by every parameter of both towers, and compares. */
export async function contrastiveChecks(
  device: Device,
  dir: string,
  fixture: Fixture,
): Promise<ParityCheck[]> {
  const path = join(dir, "contrastive.safetensors");
  if (
    !(await access(path).then(
      () => true,
      () => false,
    ))
  )
    return [];
  const { config, checkpoints } = fixture;
  const golden = await openSafetensors(path);
  const forward = await openSafetensors(join(dir, "forward.safetensors"));
  const clip = await loadClip(device, config, checkpoints[0].weights, { trainable: true });
  try {
    const { text, vision } = clip;
    if (!text) throw new InctrlError("parity", "the fixture's model has no text tower");
    const [count, length] = golden.tensors.get("text_ids")?.shape ?? [];
    const ids = Int32Array.from(await golden.readFloat32("text_ids"));
    const side = config.vision.imageSize;
    const query = (await forward.readFloat32("query")).subarray(0, count * 3 * side * side);
    const parameters = Object.fromEntries(clip.stateDict());
    const { value, gradients, rest } = valueAndGrad((p: Record<string, Tensor>) => {
      const images = normalize(vision.forward(tensor(device, query, [count, 3, side, side])).features);
      const texts = normalize(text.forward(ids, length));
      const logits = mul(matmul(images, texts, { transposeB: true }), exp(p.logit_scale));
      return [mul(add(matchLoss(logits), matchLoss(transpose(logits))), 0.5), logits] as const;
    })(parameters);
    const checks = [
      compare("contrastive: loss", await value.data(), await golden.readFloat32("loss"), TOLERANCE),
      compare("contrastive: logits", await rest.data(), await golden.readFloat32("logits"), LOGIT_TOLERANCE),
    ];
    for (const [name, gradient] of Object.entries(gradients)) {
      const want = await golden.readFloat32(`grad.${name}`);
      const largest = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      checks.push(
        compare(`contrastive: grad.${name}`, await gradient.data(), want, GRADIENT_TOLERANCE * largest),
      );
      gradient.dispose();
    }
    value.dispose();
    rest.dispose();
    return checks;
  } finally {
    clip.dispose();
    await forward.close();
    await golden.close();
  }
}

/** Cross-entropy of each row against its own place on the diagonal, mean over rows. */
function matchLoss(logits: Tensor): Tensor {
  const [rows] = logits.shape;
  const right = oneHot(arange(logits.device, rows, "int32"), rows);
  return neg(mul(sum(mul(logSoftmax(logits), right)), 1 / rows));
}
