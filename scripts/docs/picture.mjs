// Writes docs/heatmap.png, the picture in the README: a product with a defect, its residual map and the nearest normal
// patch, drawn by this repository and scored with nano.
//
//   npm run docs:picture -- [FILE]
import { fileURLToPath } from "node:url";
import { prepareImage, SHIPPED_MODEL } from "@inctrl/clip";
import { encodePng, writeFileAtomic } from "@inctrl/datasets";
import { openBackbone, PromptBank, renderPanel, Scorer } from "@inctrl/inctrl";
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
    const { preprocess } = backbone.config;
    const normal = Array.from({ length: SHOTS }, (_, index) => drawProduct({ ...PRODUCT, index }).image);
    const prompts = normal.map((image, i) => ({
      name: `normal ${i + 1} of ${SHOTS}`,
      views: prepareImage(image, preprocess),
    }));
    const bank = await PromptBank.encode(backbone, prompts);
    const scorer = new Scorer({ backbone, bank });
    const query = drawProduct(FLAWED).image;
    const [{ map, grid, match, score, box }] = await scorer.score(prepareImage(query, preprocess));
    const sides = { gridWidth: grid, gridHeight: grid, box };
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
        caption: bank.prompts[match.prompt].name,
      },
      map,
      scale: { low: 0, high: Math.max(...map) },
      score,
    });
  } finally {
    device.close();
  }
}

const file = process.argv[2] ?? FILE;
const png = encodePng(compact(await panel()));
await writeFileAtomic(file, png);
console.log(`${file}: ${png.length} bytes`);
