import { join, parse } from "node:path";
import { imageHeader } from "../decode/decode.js";
import { DatasetError } from "../errors.js";
import { listImages, readFolder } from "../folder/list.js";
import { grouped } from "../text.js";
import { folderFormat } from "./folder-format.js";
import { idOf, named } from "./names.js";
import { hasDefect, readMask } from "./pixels.js";
import { anomalous, cutSamples, NORMAL, oneCategory, type Piece, type Truth } from "./samples.js";

const FOLDERS = ["NODefect_images", "Defect_images", "Mask_images"] as const;

/** Strips of fabrics (Silvestre-Blanes et al. 2019). */
export const aitex = folderFormat({
  name: "aitex",
  title: "AITEX",
  layout: "NODefect_images/<fabric>/*.png, Defect_images/*.png and Mask_images/*_mask.png",
  fits: ({ folders }) => FOLDERS.every((name) => named(folders, name)),
  missing: `no folders ${FOLDERS.join(", ")} side by side`,
  read,
});

const TILE = 256;

/** Kinds of defects by the second field of a file's name. */
const KINDS: Readonly<Record<string, string>> = {
  "002": "Broken_end",
  "006": "Broken_yarn",
  "010": "Broken_pick",
  "016": "Weft_curling",
  "019": "Fuzzyball",
  "022": "Cut_selvage",
  "023": "Crease",
  "025": "Warp_ball",
  "027": "Knots",
  "029": "Contamination",
  "030": "Nep",
  "036": "Weft_crack",
};

/**
 * Cuts strips into tiles of 256 pixels. Of a strip with a defect only the tiles that its mask touches are taken, so that a strip
 * without a mask, or with an empty one, gives none.
 */
async function read(root: string) {
  const { folders } = await readFolder(root);
  // Some downloads contain each folder once more inside itself.
  const [good, bad, masks] = await Promise.all(
    FOLDERS.map((name) => listImages(join(root, named(folders, name)!), { recursive: true })),
  );
  // `0044_019_04_mask.png`, `0044_019_04_mask1.png`, ... by the name of their image.
  const masksOf = grouped(masks, (path) => [parse(path).name.replace(/_mask\d*$/i, "")]);
  const maskFiles = (path: string) => masksOf.get(parse(path).name) ?? [];
  const defective = new Set(bad);
  const cut = await cutSamples(root, [...good, ...bad], maskFiles, async (path) => {
    if (!defective.has(path)) return tilesOf(path, await imageHeader(path), NORMAL);
    const code = parse(path).name.split("_")[1] ?? "";
    return defectTiles(path, maskFiles(path), anomalous(KINDS[code] ?? code));
  });
  return oneCategory({ name: "aitex", className: "fabric", root, ...cut });
}

async function defectTiles(path: string, masks: readonly string[], truth: Truth): Promise<Piece[]> {
  if (masks.length === 0) {
    throw new DatasetError("missing", `${path}: no mask says where its defect is; left out`);
  }
  const mask = await readMask(path, masks);
  const tiles = tilesOf(path, mask, truth).filter(({ box }) => hasDefect(mask, box));
  if (tiles.length > 0) return tiles;
  throw new DatasetError(
    "empty",
    `${masks[0]}: the mask marks nothing in any tile; ${idOf(".", path)} left out`,
  );
}

/** The whole tiles of a strip, row by row, numbered. */
function tilesOf(path: string, size: { width: number; height: number }, truth: Truth): Piece[] {
  const columns = Math.floor(size.width / TILE);
  const rows = Math.floor(size.height / TILE);
  if (columns * rows === 0) {
    const message = `${path}: ${size.width} x ${size.height} pixels are less than a tile of ${TILE}; left out`;
    throw new DatasetError("bad-layout", message);
  }
  return Array.from({ length: columns * rows }, (_, i) => {
    const box = { x: (i % columns) * TILE, y: Math.floor(i / columns) * TILE, width: TILE, height: TILE };
    return { part: String(i).padStart(2, "0"), box, truth };
  });
}
