import type { DefectKind } from "../defects.js";
import { develop, exposureOf, grown, photograph, reach } from "../draw/camera.js";
import { Canvas, inPicture, onPiece, type Pose, type Window, whole } from "../draw/canvas.js";
import { drawFlaw, type FlawPlan, isSurface } from "../draw/flaws.js";
import { hash, Random } from "../draw/random.js";
import { structureFlaw } from "../draw/structure.js";
import type { Design } from "../family.js";
import { changedWithin, markChanges } from "./changes.js";
import type { DrawnClass } from "./class.js";
import type { View } from "./view.js";

export interface DrawnSample {
  readonly rgb: Uint8Array;
  readonly mask: Uint8Array;
}

const allocate = (size: number) => ({
  size,
  good: new Canvas(size),
  bad: new Canvas(size),
  exposure: exposureOf(size),
  changed: exposureOf(size),
  scratch: new Float32Array(size * size),
});

type Workspace = Readonly<ReturnType<typeof allocate>>;

// Buffers are kept between samples, since allocating them costs more than drawing small pictures.
let workspace: Workspace | undefined;

/** After this many attempts a faint defect is accepted; after twice as many the piece shows none. */
const ATTEMPTS = 7;

/**
 * Draws sample `index` of a class, good or with a defect. Where the mask is 0, the picture with a defect equals the good one. An
 * invisible defect is drawn again with more strength.
 */
export function drawSample(
  of: DrawnClass,
  view: View,
  index: number,
  defect: DefectKind | null,
  size: number,
): DrawnSample {
  const { design, classSeed } = of;
  const { pose, photo } = view;
  if (workspace?.size !== size) workspace = allocate(size);
  const space = workspace;
  const { good, exposure, changed, scratch } = space;
  const pieceSeed = hash(classSeed, index, 32);
  design.paint(good, pose, new Random(pieceSeed), null);
  photograph(good, photo, exposure, scratch, good.window);
  const mask = new Uint8Array(size * size);
  if (defect === null) return { rgb: develop(exposure, photo), mask };
  for (let attempt = 0; attempt < 2 * ATTEMPTS; attempt++) {
    const plan = planFlaw(of, pose, defect, index, attempt);
    const window = flawedWindow(space, of, pose, defect, plan, pieceSeed);
    const seenIn = grown(window, reach(photo, size), size);
    photograph(space.bad, photo, changed, scratch, seenIn);
    const isPlain = markChanges(exposure, changed, photo, seenIn, plan.demand, mask);
    if (isPlain || (attempt >= ATTEMPTS && mask.includes(255))) break;
  }
  // Compression spreads a change over its block, so that both pictures are needed.
  const before = photo.jpeg > 0 ? develop(exposure, photo) : null;
  for (const [i, channel] of exposure.channels.entries()) {
    const from = changed.channels[i];
    for (let p = 0; p < mask.length; p++) if (mask[p]) channel[p] = from[p];
  }
  const rgb = develop(exposure, photo);
  if (before) {
    for (let p = 0; p < mask.length; p++) {
      if (mask[p]) continue;
      for (let c = p * 3; c < p * 3 + 3; c++) rgb[c] = before[c];
    }
  }
  return { rgb, mask };
}

/** Draws the defect into `bad`. @returns the window of possible changes. */
function flawedWindow(
  { good, bad, size }: Workspace,
  { design, family }: DrawnClass,
  pose: Pose,
  defect: DefectKind,
  plan: FlawPlan,
  pieceSeed: number,
): Window {
  bad.copyFrom(good);
  bad.window = whole(size);
  if (isSurface(defect)) return drawFlaw(bad, defect, plan);
  const { flaw, window } = structureFlaw(bad, defect, family.kind === "texture", pose, plan);
  bad.window = window;
  design.paint(bad, pose, new Random(pieceSeed), flaw);
  bad.window = whole(size);
  return changedWithin(good, bad, window);
}

function planFlaw(
  { design, classSeed }: DrawnClass,
  pose: Pose,
  defect: DefectKind,
  index: number,
  attempt: number,
): FlawPlan {
  // Two attempts share place and form, so that the defect is the same at most sizes.
  const random = new Random(hash(hash(classSeed, index, 33), Math.floor(attempt / 2), 34));
  const at = placeFlaw(design, pose, defect, random);
  const plainer = 1 + 0.45 * attempt;
  return {
    at,
    random,
    strength: random.between(0.45, 1.05) * plainer,
    size: random.between(0.65, 1.45) * Math.min(1.6, 1 + 0.12 * attempt),
    demand: random.between(0.6, 1.7),
    inside: design.inside,
  };
}

/** A place in the picture: on the product, or on its edge for a chip. */
function placeFlaw(
  { outline }: Design,
  pose: Pose,
  defect: DefectKind,
  random: Random,
): readonly [number, number] {
  if (!outline) return [random.between(38, 202), random.between(38, 202)];
  for (let i = 0; ; i++) {
    const [x, y] = [random.between(20, 220), random.between(20, 220)];
    const [u, v] = onPiece(pose, x, y);
    const d = outline(u, v);
    if (defect === "chip" ? Math.abs(d) < 3 : d < -5 * (1 - i / 60)) return [x, y];
    if (i >= 120) return inPicture(pose, 0, 0);
  }
}
