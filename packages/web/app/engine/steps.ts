import type { Reading } from "@inctrl/datasets/web";
import { type BankFit, type FittedDetector, scoreImages, type VitBackbone } from "@inctrl/detect/web";
import type { Device } from "@inctrl/tensor";
import { bitmapOf, type Decoded, decodeHeld, photoOfRaster, viewBoxes } from "./images.js";
import type { PromptPlace } from "./result.js";
import type { Refused } from "./types.js";

/** How good parts are read, and others by what a bank says. */
export const ORIENTATION: Reading = { orientation: "follow" };

/** What browsers tell of an adapter: often its maker and family alone. */
export async function adapterName({ caps }: Device): Promise<string> {
  const info = (await navigator.gpu.requestAdapter())?.info;
  return caps.description || [info?.vendor, info?.architecture].filter(Boolean).join(" ") || caps.name;
}

/** Which images can be decoded. */
export async function readable(names: readonly string[]): Promise<{ good: string[]; refused: Refused[] }> {
  const good: string[] = [];
  const refused: Refused[] = [];
  for (const name of names) {
    try {
      await decodeHeld(name, ORIENTATION);
      good.push(name);
    } catch (error) {
      refused.push({ name, why: (error as Error).message });
    }
  }
  return { good, refused };
}

/** Photos of the prompts, and where their views lie. */
export async function showPrompts(fitted: FittedDetector, names: readonly string[]) {
  const photos: ImageBitmap[] = [];
  const places: PromptPlace[] = [];
  for (const name of names) {
    const { raster } = await decodeHeld(name, fitted.reading);
    const photo = photoOfRaster(raster);
    photos.push(await bitmapOf(photo.image));
    places.push({ place: photo.place, boxes: viewBoxes(raster, fitted.detector.encoder) });
  }
  return { photos, places };
}

/** The score of one image. @throws ImageError, or DetectError where it has no finite score. */
export async function scoreOne(fitted: FittedDetector, { item }: Decoded) {
  for await (const result of scoreImages(fitted, [item])) {
    if ("error" in result) throw result.error;
    return result;
  }
  throw new Error(`${item.id}: was not scored`);
}

/** @throws Error where a bank was made with other weights than those that are open. */
export function checkNetwork(
  file: string,
  { backbone, fingerprint }: BankFit["network"],
  open: Pick<VitBackbone, "name" | "fingerprint">,
): void {
  if (fingerprint === open.fingerprint) return;
  const made = backbone === open.name ? `other weights of that name` : backbone.slice(0, 100);
  throw new Error(
    `${file}: the bank needs the model that it was made with (${made}), and ${open.name} is open; choose that model under "Model and images" ` +
      "and open the bank again, or give its good parts anew",
  );
}
