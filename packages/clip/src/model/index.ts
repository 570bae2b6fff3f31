export { buildClip, Clip, hollowClip, loadClip } from "./clip.js";
export { type LoadOptions, Parameters, type ReadParameter } from "./parameters.js";
export { randomParameters } from "./random.js";
export { TextTransformer } from "./text.js";
export { type VisionOutput, VisionTransformer } from "./vision.js";
