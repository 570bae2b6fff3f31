import type { DefectKind } from "./defects.js";
import {
  develop,
  drawPhoto,
  type Exposure,
  exposureOf,
  flickered,
  grown,
  type Photo,
  photograph,
  reach,
} from "./draw/camera.js";
import { Canvas, inPicture, onPiece, type Pose, type Window, whole } from "./draw/canvas.js";
import { drawFlaw, type FlawPlan, isSurface, structureFlaw } from "./draw/flaws.js";
import { chance } from "./draw/pick.js";
import { unitAt } from "./draw/shapes.js";
import type { Design, Family } from "./family.js";
import { hash, Random } from "./noise.js";
import { textSeed } from "./text-seed.js";

/** A class: a variant of a family, for a seed. */
export interface ClassKey {
  readonly family: Family;
  readonly variant: number;
  readonly seed: number;
}

/** A class with all that its samples share. */
export interface DrawnClass extends ClassKey {
  readonly design: Design;
  readonly noun: string;
  readonly classSeed: number;
  readonly grey: boolean;
}

export function drawClass({ family, variant, seed }: ClassKey): DrawnClass {
  if (last?.family === family && last.variant === variant && last.seed === seed) return last;
  const classSeed = hash(hash(seed, textSeed(family.name), 21), variant, 22) >>> 1;
  const random = new Random(classSeed);
  const noun = family.nouns[random.below(family.nouns.length)]!;
  const grey = chance(random, 0.1);
  const design = family.design(random);
  const all = { design, noun: design.noun ?? noun, classSeed, grey: grey || Boolean(design.grey) };
  last = { family, variant, seed, ...all };
  return last;
}

// Images often come in pairs of a class.
let last: DrawnClass | undefined;

/** How a sample lies and is photographed. */
export interface View {
  readonly pose: Pose;
  readonly photo: Photo;
  /** How large the piece appears. */
  readonly scale: number;
}

/**
 * `free`: each sample in a light, sharpness and distance of its own, as many people would take it. `fixed`: all samples of a class
 * by one camera that stays where it is, as above a production line.
 */
export type Camera = "free" | "fixed";

export function drawView(of: DrawnClass, index: number, camera: Camera = "free"): View {
  const sample = new Random(hash(of.classSeed, index, 31));
  const isFixed = camera === "fixed";
  const station = isFixed ? new Random(hash(of.classSeed, 0, 35)) : sample;
  const drawn = drawPhoto(station, of.grey);
  const photo = isFixed ? flickered(drawn, sample) : drawn;
  const { design, family } = of;
  const isTexture = family.kind === "texture";
  const most = design.lie === "free" ? 0.5 : design.lie === "tilt" ? 0.022 : 0.006;
  const [c, s] = unitAt(sample.between(-most, most));
  let scale = station.between(0.92, 1.08);
  if (chance(station, 0.2))
    scale *= chance(station, 0.5) ? station.between(0.68, 0.8) : station.between(1.2, 1.4);
  const shift = design.lie === "level" ? 6 : isTexture ? 2000 : isFixed ? 5 : 12;
  // Textures with a middle have it at 2048.
  const middle = isTexture ? 2048 : 0;
  const [x, y] = [middle + sample.between(-shift, shift), middle + sample.between(-shift, shift)];
  return { pose: { c, s, zoom: 1 / scale, x, y }, photo, scale };
}

export interface DrawnSample {
  readonly rgb: Uint8Array;
  readonly mask: Uint8Array;
}

interface Workspace {
  readonly size: number;
  readonly good: Canvas;
  readonly bad: Canvas;
  readonly exposure: Exposure;
  readonly changed: Exposure;
  readonly scratch: Float32Array;
}

// Buffers are kept between samples: making them anew would cost more than small pictures do.
let workspace: Workspace | undefined;

function workspaceOf(size: number): Workspace {
  if (workspace?.size === size) return workspace;
  workspace = {
    size,
    good: new Canvas(size),
    bad: new Canvas(size),
    exposure: exposureOf(size),
    changed: exposureOf(size),
    scratch: new Float32Array(size * size),
  };
  return workspace;
}

/** After so many attempts a faint defect will do; after so many again the piece cannot show one. */
const ATTEMPTS = 7;

/**
 * Draws sample `index` of a class, good or with a defect. Where the mask is 0, the picture with a defect equals the good
 * one; a defect that would not be seen is drawn again, plainer.
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
  const space = workspaceOf(size);
  const { good, exposure, changed, scratch } = space;
  const pieceSeed = hash(classSeed, index, 32);
  design.paint(good, pose, new Random(pieceSeed), null);
  photograph(good, photo, exposure, scratch, whole(size));
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
  // Compression carries a change over its whole block, so that both pictures are needed.
  const before = photo.jpeg > 0 ? develop(exposure, photo) : null;
  for (const [i, channel] of exposure.channels.entries()) {
    const from = changed.channels[i]!;
    for (let p = 0; p < mask.length; p++) if (mask[p]) channel[p] = from[p]!;
  }
  const rgb = develop(exposure, photo);
  if (before) {
    for (let p = 0; p < mask.length; p++) {
      if (mask[p]) continue;
      for (let c = p * 3; c < p * 3 + 3; c++) rgb[c] = before[c]!;
    }
  }
  return { rgb, mask };
}

/** Draws the defect into `bad` and says what it may have changed. */
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

/** The pixels that differ, within what was painted again. */
function changedWithin(before: Canvas, after: Canvas, painted: Window): Window {
  const { size } = before;
  let [left, top, right, bottom] = [painted.right, painted.bottom, painted.left, painted.top];
  for (let y = painted.top; y < painted.bottom; y++) {
    for (let x = painted.left, p = y * size + x; x < painted.right; x++, p++) {
      const isSame =
        before.green[p] === after.green[p] &&
        before.height[p] === after.height[p] &&
        before.red[p] === after.red[p] &&
        before.blue[p] === after.blue[p] &&
        before.gloss[p] === after.gloss[p];
      if (isSame) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return right > left ? { left, top, right, bottom } : { left: 0, top: 0, right: 0, bottom: 0 };
}

function planFlaw(
  { design, classSeed }: DrawnClass,
  pose: Pose,
  defect: DefectKind,
  index: number,
  attempt: number,
): FlawPlan {
  // Place and form stay for two attempts, so that the defect is the same at most sizes.
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

/** A place in the picture: on the product, or, for what is broken off, on its edge. */
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

/**
 * Marks what differs visibly and a pixel around it; false where that is too little to be seen: it has to stand out from
 * the sensor's noise and from how the surface varies anyway.
 */
function markChanges(
  before: Exposure,
  after: Exposure,
  photo: Photo,
  window: Window,
  demand: number,
  mask: Uint8Array,
): boolean {
  const { size } = before;
  const threshold = 0.014 / photo.exposure;
  const plain = (demand * (0.06 + 1.5 * photo.noise + 0.7 * contrast(before, window))) / photo.exposure;
  mask.fill(0);
  let strong = 0;
  const margin = Math.max(1, Math.round(size / 120));
  for (let y = window.top; y < window.bottom; y++) {
    for (let x = window.left, p = y * size + x; x < window.right; x++, p++) {
      const change = changeAt(before, after, p, photo.grey);
      if (change < threshold) continue;
      if (change > plain) strong++;
      const last = Math.min(window.right - 1, x + margin);
      for (
        let row = Math.max(window.top, y - margin);
        row <= Math.min(window.bottom - 1, y + margin);
        row++
      ) {
        mask.fill(255, row * size + Math.max(window.left, x - margin), row * size + last + 1);
      }
    }
  }
  return strong >= Math.max(4, 0.0025 * size * size);
}

/** The standard deviation of green within the window. */
function contrast({ size, channels: [, green] }: Exposure, window: Window): number {
  let [sum, squares] = [0, 0];
  for (let y = window.top; y < window.bottom; y++) {
    for (let x = window.left, p = y * size + x; x < window.right; x++, p++) {
      sum += green[p]!;
      squares += green[p]! * green[p]!;
    }
  }
  const n = Math.max(1, (window.right - window.left) * (window.bottom - window.top));
  return Math.sqrt(Math.max(0, squares / n - (sum / n) * (sum / n)));
}

function changeAt(
  { channels: [r, g, b] }: Exposure,
  { channels: [s, h, c] }: Exposure,
  p: number,
  grey: boolean,
): number {
  const [dr, dg, db] = [s[p]! - r[p]!, h[p]! - g[p]!, c[p]! - b[p]!];
  if (grey) return Math.abs(0.3 * dr + 0.59 * dg + 0.11 * db);
  return Math.max(Math.abs(dr), Math.abs(dg), Math.abs(db));
}
