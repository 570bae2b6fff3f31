import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadClip, openWeights, parseConfig } from "@inctrl/clip";
import { type Backbone, prototypesFromIds } from "@inctrl/detect";
import { type Device, openSafetensors, type Tensor, tensor } from "@inctrl/tensor";
import { isHead, PATCH14 } from "@inctrl/testing";
import { fixtureBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { Heads } from "../../src/heads.js";

/** Text prototypes of the fixture's model, from the token ids that it was made with, [2, 18]. */
async function fixturePrototypes(device: Device): Promise<Tensor> {
  const config = parseConfig(await readFile(join(PATCH14, "config.json"), "utf8"));
  const weights = await openWeights(join(PATCH14, "inctrl.pyth"), { extra: isHead });
  using clip = await loadClip(device, config, weights, { parts: "text" });
  await weights.close();
  const golden = await openSafetensors(join(PATCH14, "forward.safetensors"));
  const ids = async (name: string) => Int32Array.from(await golden.readFloat32(name));
  const [normal, anomaly] = [await ids("normal_ids"), await ids("abnormal_ids")];
  await golden.close();
  assert.ok(clip.text);
  return prototypesFromIds(clip.text, { normal, anomaly, length: 7 });
}

/** The fixture's backbone and heads; its vocabulary is not here, so that every class has the same prototypes. */
export interface Fixture extends Disposable {
  readonly backbone: Backbone;
  readonly heads: Heads;
  readonly prototypes: Tensor;
}

/** @param text `golden` for the model's own prototypes, `made up` for seeded values that tell images apart. */
export async function openFixture(device: Device, text: "golden" | "made up" = "golden"): Promise<Fixture> {
  const backbone = await fixtureBackbone(device);
  const heads = await Heads.load(join(PATCH14, "inctrl.pyth"), device);
  const { embedDim } = backbone.config;
  const values = Float32Array.from({ length: 2 * embedDim }, (_, i) => Math.sin(i * i));
  const prototypes =
    text === "golden" ? await fixturePrototypes(device) : tensor(device, values, [2, embedDim]);
  backbone.prototypes = async () => prototypes;
  backbone.textFingerprint = async () => "made up";
  return {
    ...{ backbone, heads, prototypes },
    [Symbol.dispose]: () => {
      for (const held of [backbone, heads, prototypes]) held.dispose();
    },
  };
}
