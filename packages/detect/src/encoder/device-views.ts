import { planResize } from "@inctrl/clip";
import type { Raster } from "@inctrl/datasets";
import { type Caps, type Device, packBytes, resizeBytes, scope, Tensor } from "@inctrl/tensor";
import type { PixelFacts } from "../drift/facts.js";
import { DetectError } from "../errors.js";
import type { View } from "../images/augmentation.js";
import { factsOfViews, type ViewOptions } from "../images/prepared.js";
import type { ImageSize } from "../images/region.js";

/** Where decoded images are resized: by the device, which gets their bytes as they are, or by the threads that decode. The bytes are the same. */
export type ResizePlace = "device" | "processor";

/** Mesa's software adapter, whose kernels resize in half the processor time of our loops. Chromium's SwiftShader takes six times as long. */
const MESA = /llvmpipe|lavapipe/i;

/**
 * Where images are resized unless an encoder says otherwise: by the device, but for software adapters other than Mesa's. `INCTRL_RESIZE` in the
 * environment decides for measurements.
 *
 * @throws DetectError `option` for another word there.
 */
export function resizePlace({
  software,
  name,
  description,
}: Pick<Caps, "software" | "name" | "description">): ResizePlace {
  const wish = typeof process === "undefined" ? undefined : process.env?.INCTRL_RESIZE;
  if (!wish) return software && !MESA.test(`${name} ${description}`) ? "processor" : "device";
  if (wish === "device" || wish === "processor") return wish;
  throw new DetectError("option", `INCTRL_RESIZE is ${wish}; make it device or processor, or unset it`);
}

/** A view whose pixels the device holds, [height, width] uint32 as `resizeBytes` gives them. */
export interface DeviceView extends Omit<View, "pixels"> {
  readonly pixels: Tensor<"uint32">;
}

export const isOnDevice = (view: View | DeviceView): view is DeviceView => view.pixels instanceof Tensor;

/** An upload of so many bytes is submitted at once: that frees the memory it is staged in, and it runs beside the decoding of the next image. */
const MIN_SUBMITTED_BYTES = 2 ** 20;

/** Uploads a decoded image and resizes it to its views, with the bytes of `prepareImage`. `prepareViews` says which images can be. */
export function resizeOnDevice(
  device: Device,
  raster: Raster,
  { pixels, fit }: Pick<ViewOptions, "pixels" | "fit">,
): DeviceView[] {
  const plan = planResize(raster, pixels, fit);
  if (!plan) throw new Error(`a device cannot resize mode ${raster.mode}`);
  const { width, height } = raster;
  const { channels, alpha } = plan;
  const views = scope(() => {
    const bytes = packBytes(device, raster.data);
    return plan.windows.map(({ across, down, ...place }) => ({
      ...place,
      pixels: resizeBytes(bytes, { width, height, channels, alpha, across, down }) as Tensor<"uint32">,
    }));
  });
  if (raster.data.byteLength >= MIN_SUBMITTED_BYTES) device.flush();
  return views;
}

/** The facts of views on the device, equal to those of the same bytes. What they are read from may be freed at once. */
export async function deviceFacts(
  views: readonly DeviceView[],
  about: Pick<ViewOptions, "region"> & { readonly of: ImageSize },
): Promise<PixelFacts> {
  const read = await Promise.all(
    views.map(async ({ pixels, ...place }) => ({ ...place, pixels: rgbOf(await pixels.data()) })),
  );
  return factsOfViews(read, about);
}

function rgbOf(pixels: Uint32Array): Uint8Array {
  const rgb = new Uint8Array(3 * pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    rgb[3 * i] = pixels[i];
    rgb[3 * i + 1] = pixels[i] >> 8;
    rgb[3 * i + 2] = pixels[i] >> 16;
  }
  return rgb;
}
