// Writes docs/heatmap.png, the picture in the README: a product with a defect, its residual map and the nearest normal
// patch, drawn by this repository and scored with nano.
//
//   npm run docs:picture -- [FILE]
import { fileURLToPath } from "node:url";
import { SHIPPED_MODEL } from "@inctrl/clip";
import { encodePng, writeFileAtomic } from "@inctrl/datasets";
import { bestMatch, Encoder, fitImages, openBackbone, renderPanel, scoreImages } from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { drawProduct } from "@inctrl/synth";
import { openDevice } from "@inctrl/tensor";

const FILE = fileURLToPath(new URL("../../docs/heatmap.png", import.meta.url));
const PRODUCT = { class: "wood", seed: 0, size: 320 };
const FLAWED = { ...PRODUCT, index: 10, defect: "crack" };
const SHOTS = 4;

/**
 * The picture without alpha and in 32 shades a channel: the difference is invisible on such textures, and the file is
 * about half as large.
 */
function compact({ width, height, data }) {
  const rgb = data.filter((_, i) => i % 4 !== 3);
  return { width, height, data: rgb.map((value) => Math.round(Math.round((value * 31) / 255) * (255 / 31))) };
}

async function panel() {
  const device = await openDevice();
  try {
    const backbone = await openBackbone(device, SHIPPED_MODEL);
    const normal = Array.from({ length: SHOTS }, (_, index) => drawProduct({ ...PRODUCT, index }).image);
    const prompts = normal.map((image, i) => ({
      id: `normal ${i + 1} of ${SHOTS}`,
      load: async () => image,
    }));
    const fitted = await fitImages(residual(new Encoder(backbone)), prompts);
    const query = drawProduct(FLAWED).image;
    const { value } = await scoreImages(fitted, [{ id: "query", load: async () => query }]).next();
    const { map, box } = value.views[value.view];
    const match = bestMatch(value.views[value.view]);
    const sides = { rows: map.rows, columns: map.columns, box };
    return renderPanel({
      query: {
        image: query,
        ...sides,
        patch: match.queryPatch,
        caption: `${FLAWED.class} with a ${FLAWED.defect}`,
      },
      prompt: {
        image: normal[match.prompt],
        ...sides,
        patch: match.patch,
        caption: fitted.prompts[match.prompt].name,
      },
      map,
      scale: { low: 0, high: Math.max(...map.values) },
      score: value.score,
    });
  } finally {
    device.close();
  }
}

const file = process.argv[2] ?? FILE;
const png = encodePng(compact(await panel()));
await writeFileAtomic(file, png);
console.log(`${file}: ${png.length} bytes`);
