import {
  type DefectKind,
  drawProduct,
  type ProceduralClass,
  proceduralClasses,
  type Raster,
} from "@inctrl/datasets";
export interface CaptionedImage {
  image: Raster;
  mask: Uint8Array;
  caption: string;
  className: string;
  classId: string;
  state: "good" | "bad";
  defect: DefectKind | null;
}
const h = (a: number, b: number) => {
  let x = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 1, 0xc2b2ae35);
  x ^= x >>> 15;
  x = Math.imul(x, 0x2c1b3c6d);
  x ^= x >>> 12;
  return x >>> 0;
};
export function drawCaptioned(o: {
  seed: number;
  index: number;
  size: number;
  split?: "train" | "held-out";
}): CaptionedImage {
  const all = Object.keys(proceduralClasses) as ProceduralClass[];
  const classes = o.split === "held-out" ? all.slice(-2) : all.slice(0, -2);
  const pair = o.index >> 1;
  const r = h(o.seed, pair);
  const cls = classes[r % classes.length]!;
  const bad = o.index % 2 === 1;
  const kinds = proceduralClasses[cls];
  const defect = bad ? kinds[(r >>> 8) % kinds.length]! : null;
  const variant = (r >>> 12) % 6;
  const p = drawProduct({ class: cls, seed: variant, index: (r >>> 4) % 100000, defect, size: o.size });
  const caption = bad
    ? r & 1
      ? `a photo of a ${cls} with a ${defect}`
      : `a damaged ${cls}`
    : r & 1
      ? `a photo of a flawless ${cls}`
      : `a ${cls} without defect`;
  return {
    image: p.image,
    mask: p.mask,
    caption,
    className: cls,
    classId: `${cls}-${variant}`,
    state: bad ? "bad" : "good",
    defect,
  };
}
export function captionsOf(seed: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => drawCaptioned({ seed, index: i, size: 16 }).caption);
}
