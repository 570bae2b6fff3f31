import { openValues, ResNet } from "@inctrl/baselines";
import type { Backbone } from "@inctrl/detect";
import { isHeadName } from "@inctrl/inctrl";
import { OnnxError } from "./errors.js";
import { resnetTower } from "./tower/resnet.js";
import type { Tower } from "./tower/tower.js";
import { vitTower } from "./tower/vit.js";

/** A network that can be written, and what closes its file. */
export interface OpenTower extends AsyncDisposable {
  readonly tower: Tower;
}

/**
 * Opens the network of a backbone to be written, by the name or file that the backbone was opened by.
 *
 * @param size side of the images, in pixels.
 * @param config a configuration, where the file does not tell it.
 * @throws OnnxError `method` for networks that have no form in ONNX.
 */
export async function openTower(
  { name }: Pick<Backbone, "name">,
  source: string,
  { size, config }: { readonly size: number; readonly config?: string },
): Promise<OpenTower> {
  const { form, read, close } = await openValues(source, { config, extra: isHeadName });
  try {
    return { tower: towerOf(), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }

  function towerOf(): Tower {
    if ("vit" in form) return vitTower(form.vit, read, size);
    if ("resnet" in form) return resnetTower(new ResNet(form.resnet), read, size);
    throw new OnnxError(
      "method",
      `${name} is ${form.other}, which has no form in ONNX; take a ViT or a ResNet`,
    );
  }
}
