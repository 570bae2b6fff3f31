import { drawPhoto, flickered, type Photo } from "../draw/camera.js";
import type { Pose } from "../draw/canvas.js";
import { unitAt } from "../draw/maths.js";
import { chance, hash, Random } from "../draw/random.js";
import { MIDDLE } from "../textures/texture.js";
import type { DrawnClass } from "./class.js";

/** The pose of a sample, and its light and camera. */
export interface View {
  readonly pose: Pose;
  readonly photo: Photo;
  /** The size of the piece in the picture, about 1. */
  readonly scale: number;
}

/**
 * `free`: light, sharpness and distance differ between samples, as in photographs by many people. `fixed`: all samples of a class
 * share one camera, as above a production line.
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
  const most = design.orientation === "free" ? 0.5 : design.orientation === "tilt" ? 0.022 : 0.006;
  const [c, s] = unitAt(sample.between(-most, most));
  let scale = station.between(0.92, 1.08);
  if (chance(station, 0.2))
    scale *= chance(station, 0.5) ? station.between(0.68, 0.8) : station.between(1.2, 1.4);
  const shift = design.orientation === "level" ? 6 : isTexture ? 2000 : isFixed ? 5 : 12;
  const middle = isTexture ? MIDDLE : 0;
  const [x, y] = [middle + sample.between(-shift, shift), middle + sample.between(-shift, shift)];
  return { pose: { c, s, zoom: 1 / scale, x, y }, photo, scale };
}
