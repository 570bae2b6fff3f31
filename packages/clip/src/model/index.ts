export { Clip, clipParameters, type Parts, parameterCount } from "./clip.js";
export type { Layout } from "./layouts.js";
export { buildClip, type LoadOptions, loadClip } from "./load.js";
export { hash32, randomParameters } from "./random.js";
export { TextTransformer } from "./text.js";
export { type VisionOptions, type VisionOutput, VisionTransformer } from "./vision.js";
export { windowPatches } from "./windows.js";
