import { fileImage, type ImageItem } from "../../src/index.js";

/** An image file on which a square is white. */
export function marked(
  source: string,
  x: number,
  y: number,
  side: number,
  id = `${source} marked`,
): ImageItem {
  const item = fileImage(source);
  return {
    id,
    async load() {
      const raster = await item.load();
      const data = raster.data.slice();
      for (let row = y; row < y + side; row++)
        data.fill(255, 3 * (row * raster.width + x), 3 * (row * raster.width + x + side));
      return { ...raster, data };
    },
  };
}
